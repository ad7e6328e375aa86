/* SPDX-License-Identifier: MIT */
#include "mark.h"

#include "memory.h"

/* A program touches one page for its first 4,096 descriptors, and none before its first socket. */
enum { MARKS = 65536 };
struct room {
	_Atomic unsigned char mark[MARKS];
	struct kept kept;
};

struct marks marks;

void
mark_begin(void)
{
	struct room *room = memory_map(sizeof(*room));

	if (room != NULL)
		marks = (struct marks){ room->mark, MARKS, &room->kept };
}

bool
mark_reported(void)
{
	return marks.kept == NULL || atomic_flag_test_and_set(&marks.kept->reported);
}
