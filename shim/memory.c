/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <errno.h>
#include <link.h>
#include <stdint.h>

#include <sys/auxv.h>
#include <sys/mman.h>

#include "inline.h"
#include "kernel.h"
#include "libc.h"
#include "page.h"

/*
 * The kernel says so without harm: futex(2) reads a word before it waits for it to change, here for
 * no time at all. Seccomp filters let it through, since locks need it. It reads as little as a call
 * can, so that valgrind sees nothing read that the program has not to give: a value is one word.
 */
static bool
is_word_readable(uintptr_t at)
{
	enum {
		FUTEX_WAIT_PRIVATE = 128,
		UNLIKELY = 0x6b615368
	}; /* linux/futex.h, which musl-gcc hides */
	const struct kernel_time no_time = { 0, 0 };
	uintptr_t word = at & ~(uintptr_t)(sizeof(uint32_t) - 1);

	/* Nothing else is a yes: a seccomp filter may refuse the call. */
	return syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, UNLIKELY, &no_time, NULL, 0) == 0 ||
	       errno == EAGAIN || errno == ETIMEDOUT;
}

bool
memory_is_readable(const void *start, size_t size)
{
	return is_word_readable((uintptr_t)start) && is_word_readable((uintptr_t)start + size - 1);
}

/* mmap2(2) where there is one: mmap(2) has another form there. On s390x it has that, too. */
void *
memory_map(size_t size)
{
	const long access = PROT_READ | PROT_WRITE;
	const long flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	long at;

#if defined(SYS_mmap2)
	at = syscall(SYS_mmap2, 0L, size, access, flags, -1L, 0L);
#elif defined(__s390x__)
	const long arguments[] = { 0, (long)size, access, flags, -1, 0 };

	at = syscall(SYS_mmap, arguments);
#else
	at = syscall(SYS_mmap, 0L, size, access, flags, -1L, 0L);
#endif
	return at == -1 ? NULL : (void *)at;
}

void
memory_unmap(void *start, size_t size)
{
	syscall(SYS_munmap, start, size);
}

void
memory_seal(const void *start, size_t size)
{
	syscall(SYS_mprotect, start, size, (long)PROT_READ);
}

/* Where the library lies in memory, by the linker. */
extern const ElfW(Ehdr) __ehdr_start HIDDEN;

static void
protect_library(long access)
{
	const char *base = (const char *)&__ehdr_start;
	const ElfW(Phdr) *segment = (const void *)(base + __ehdr_start.e_phoff);
	size_t page = getauxval(AT_PAGESZ);

	/* musl gives what is left of the last page to malloc(3): ldso/dynlink.c, reclaim_gaps(). */
	if (!libc_is_glibc())
		return;
	for (unsigned i = 0; i < __ehdr_start.e_phnum; i++) {
		uintptr_t start = page_start(segment[i].p_vaddr, page);
		uintptr_t end = page_end(segment[i].p_vaddr + segment[i].p_memsz, page);

		if (segment[i].p_type == PT_LOAD && (segment[i].p_flags & PF_W) != 0)
			syscall(SYS_mprotect, base + start, end - start, access);
	}
}

void
memory_seal_library(void)
{
	protect_library(PROT_READ);
}

void
memory_open_library(void)
{
	protect_library(PROT_READ | PROT_WRITE);
}
