/* SPDX-License-Identifier: MIT */
#include "mark.h"

#include "memory.h"
#include "option.h"

/* A program touches one page for its first 1,024 descriptors, and none before its first socket. */
enum { MARKS = 65536 };
struct room {
	_Atomic uint32_t word[MARKS];
	atomic_flag reported;
};

/* So many in a queue are not counted any more. */
enum { MANY = 0xffff };

_Static_assert(OPTION_COUNT <= 11, "every option has a bit");

struct marks marks;

void
mark_begin(void)
{
	struct room *room = memory_map(sizeof(*room));

	if (room != NULL)
		marks = (struct marks){ room->word, MARKS, &room->reported };
}

bool
mark_reported(void)
{
	return marks.reported == NULL || atomic_flag_test_and_set(marks.reported);
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
	uint32_t word, next;
	struct mark mark;

	/* Beyond what is remembered it may always have been one. */
	if ((unsigned)listener >= marks.count)
		return true;
	word = atomic_load_explicit(&marks.word[listener], memory_order_relaxed);
	do {
		memcpy(&mark, &word, sizeof(mark));
		if (!mark.late || mark.number == MANY)
			return mark.late;
		mark_late(&mark, mark.number - 1U);
		memcpy(&next, &mark, sizeof(next));
	} while (!atomic_compare_exchange_weak(&marks.word[listener], &word, next));
	return true;
}
