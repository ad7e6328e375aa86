/* SPDX-License-Identifier: MIT */
#include "mark.h"

#include <stdatomic.h>
#include <string.h>

#include "option.h"

/* A word each, so that threads need no lock. A program touches one page for its first 1,024. */
enum { MARKS = 65536 };
static _Atomic uint32_t marks[MARKS];

/* So many in a queue are not counted any more. */
enum { MANY = 0xffff };

_Static_assert(sizeof(struct mark) == sizeof(uint32_t), "a mark is one word");
_Static_assert(OPTION_COUNT <= 11, "every option has a bit");

static struct mark
mark_from(uint32_t word)
{
	struct mark mark;

	memcpy(&mark, &word, sizeof(mark));
	return mark;
}

static uint32_t
word_of(struct mark mark)
{
	uint32_t word;

	memcpy(&word, &mark, sizeof(word));
	return word;
}

static bool
is_remembered(int fd)
{
	return fd >= 0 && fd < MARKS;
}

struct mark
mark_of(int fd)
{
	if (!is_remembered(fd))
		return (struct mark){ .kind = MARK_UNKNOWN };
	return mark_from(atomic_load_explicit(&marks[fd], memory_order_relaxed));
}

void
mark_put(int fd, struct mark mark)
{
	uint32_t word = word_of(mark);

	/* Most descriptors are no sockets: do not touch a page for what it says already. */
	if (is_remembered(fd) && atomic_load_explicit(&marks[fd], memory_order_relaxed) != word)
		atomic_store_explicit(&marks[fd], word, memory_order_relaxed);
}

unsigned
mark_rule(struct mark mark)
{
	return mark.late ? 0 : mark.number;
}

void
mark_late(struct mark *mark, uint32_t count)
{
	mark->late = count != 0;
	mark->number = count < MANY ? count : MANY;
}

bool
mark_take_queued(int listener)
{
	uint32_t word;
	struct mark mark;

	/* Beyond what is remembered it may always have been one. */
	if (!is_remembered(listener))
		return true;
	word = atomic_load_explicit(&marks[listener], memory_order_relaxed);
	do {
		mark = mark_from(word);
		if (!mark.late || mark.number == MANY)
			return mark.late;
		mark_late(&mark, mark.number - 1U);
	} while (!atomic_compare_exchange_weak(&marks[listener], &word, word_of(mark)));
	return true;
}
