/* SPDX-License-Identifier: MIT */
/* Of several processes that hold a socket, the one that owns it: outside-holder.h. */
#include <stdlib.h>

#include "allocate.h"
#include "outside-holder.h"

static int
by_age(const void *a, const void *b)
{
	const struct holder *first = a;
	const struct holder *second = b;

	if (first->started != second->started)
		return first->started < second->started ? -1 : 1;
	if (first->pid != second->pid)
		return first->pid < second->pid ? -1 : 1;
	return (first->tid != first->pid) - (second->tid != second->pid);
}

/* As holdings are sorted: by inode, the owner first. */
static int
by_owner(const void *a, const void *b, void *context)
{
	const struct holders *holders = context;
	const struct holding *first = a;
	const struct holding *second = b;
	bool first_last = holders->holder[first->holder].passes_on;
	bool second_last = holders->holder[second->holder].passes_on;

	if (first->inode != second->inode)
		return first->inode < second->inode ? -1 : 1;
	if (first_last != second_last)
		return first_last ? 1 : -1;
	return first->holder < second->holder ? -1 : first->holder > second->holder;
}

void
holders_note_owners(struct holders *holders)
{
	size_t count = 0;

	if (holders->count != 0)
		qsort(holders->holder, holders->count, sizeof(*holders->holder), by_age);
	for (size_t i = 0; i < holders->count; i++)
		count += holders->holder[i].count;
	holders->holding =
	    allocate_or_exit(holders->holding, (count + 1) * sizeof(*holders->holding));
	holders->holdings = 0;
	for (size_t i = 0; i < holders->count; i++)
		for (size_t j = 0; j < holders->holder[i].count; j++)
			holders->holding[holders->holdings++] =
			    (struct holding){ holders->holder[i].held[j].inode, (uint32_t)i,
				    false };
	qsort_r(holders->holding, count, sizeof(*holders->holding), by_owner, holders);
}

struct holding *
holders_owner(const struct holders *holders, uint64_t inode)
{
	size_t first = 0;
	size_t end = holders->holdings;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (holders->holding[middle].inode < inode)
			first = middle + 1;
		else
			end = middle;
	}
	if (first == holders->holdings || holders->holding[first].inode != inode)
		return NULL;
	return &holders->holding[first];
}
