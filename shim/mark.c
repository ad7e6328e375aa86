/* SPDX-License-Identifier: MIT */
#include "mark.h"

#include <stdatomic.h>
#include <string.h>

/* A word each, so that threads need no lock. A program touches one page for its first 1,024. */
enum { MARKS = 65536 };
static _Atomic uint32_t marks[MARKS];

_Static_assert(sizeof(struct mark) == sizeof(uint32_t), "a mark is one word");

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
	atomic_store_explicit(&marks[fd], word, memory_order_relaxed);
}
