/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/syscall.h>

/*
 * The kernel says so without harm: rt_sigprocmask(2) copies the new set before it looks at `how`,
 * and this `how` does not exist, so nothing changes. Seccomp filters let it through, libc needs it.
 */
static bool
is_word_readable(uintptr_t at)
{
	enum { SET_SIZE = 8, NO_SUCH_HOW = 99 };
	uintptr_t word = at & ~(uintptr_t)(SET_SIZE - 1);

	/* NULL would stand for no set at all. */
	if (word == 0)
		return false;
	return syscall(SYS_rt_sigprocmask, NO_SUCH_HOW, word, NULL, SET_SIZE) == -1 &&
	       errno == EINVAL;
}

bool
memory_is_readable(const void *start, size_t size)
{
	return is_word_readable((uintptr_t)start) && is_word_readable((uintptr_t)start + size - 1);
}

#ifdef SYS_mmap2
enum { MAP = SYS_mmap2 };
#else
enum { MAP = SYS_mmap };
#endif

void *
memory_map(size_t size)
{
	long at = syscall(MAP, NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1L, 0L);

	return at == -1 ? NULL : (void *)at;
}

void
memory_unmap(void *start, size_t size)
{
	syscall(SYS_munmap, start, size);
}

void
memory_seal(void *start, size_t size)
{
	syscall(SYS_mprotect, start, size, (long)PROT_READ);
}
