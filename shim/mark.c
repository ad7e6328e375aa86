/* SPDX-License-Identifier: MIT */
#include "mark.h"

#include <stdatomic.h>
#include <string.h>

#include "option.h"

/* A word each, so that threads need no lock. A program touches one page for its first 1,024. */
enum { MARKS = 65536 };
static _Atomic uint32_t marks[MARKS];
static _Atomic uint32_t queued[MARKS];

_Static_assert(sizeof(struct mark) == sizeof(uint32_t), "a mark is one word");
_Static_assert(OPTION_COUNT <= 11, "every option has a bit");

struct mark
mark_of(int fd)
{
	struct mark mark = { .kind = MARK_UNKNOWN };
	uint32_t word;

	if (fd < 0 || fd >= MARKS)
		return mark;
	word = atomic_load_explicit(&marks[fd], memory_order_relaxed);
	memcpy(&mark, &word, sizeof(mark));
	return mark;
}

void
mark_put(int fd, struct mark mark)
{
	uint32_t word;

	if (fd < 0 || fd >= MARKS)
		return;
	memcpy(&word, &mark, sizeof(word));
	/* Most descriptors are no sockets: do not touch a page for what it says already. */
	if (atomic_load_explicit(&marks[fd], memory_order_relaxed) != word)
		atomic_store_explicit(&marks[fd], word, memory_order_relaxed);
}

void
mark_queued(int fd, uint32_t count)
{
	if (fd >= 0 && fd < MARKS &&
	    atomic_load_explicit(&queued[fd], memory_order_relaxed) != count)
		atomic_store_explicit(&queued[fd], count, memory_order_relaxed);
}

bool
mark_take_queued(int fd)
{
	uint32_t count;

	/* Beyond what is remembered it may always have been one. */
	if (fd < 0 || fd >= MARKS)
		return true;
	count = atomic_load_explicit(&queued[fd], memory_order_relaxed);
	while (count != 0)
		if (atomic_compare_exchange_weak(&queued[fd], &count, count - 1))
			return true;
	return false;
}

void
mark_copy(int fd, int copy)
{
	mark_put(copy, mark_of(fd));
	if (fd >= 0 && fd < MARKS)
		mark_queued(copy, atomic_load_explicit(&queued[fd], memory_order_relaxed));
}
