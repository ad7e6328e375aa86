/* SPDX-License-Identifier: MIT */
#include "outside-patience.h"

#include <stdlib.h>

#include "allocate.h"

int64_t
patience_of(const struct patience *patience, uint32_t user)
{
	for (size_t i = 0; i < patience->count; i++)
		if (patience->user[i].user == user)
			return patience->user[i].left;
	return PATIENCE_MS;
}

void
patience_lose(struct patience *patience, uint32_t user)
{
	size_t i = 0;

	while (i < patience->count && patience->user[i].user != user)
		i++;
	if (i == patience->count) {
		patience->user = grow_or_exit(patience->user, i, sizeof(*patience->user));
		patience->user[i] = (struct impatience){ user, PATIENCE_MS };
		patience->count++;
	}
	patience->user[i].left /= 2;
	if (patience->user[i].left < PATIENCE_LEAST_MS)
		patience->user[i].left = PATIENCE_LEAST_MS;
}

void
patience_free(struct patience *patience)
{
	free(patience->user);
	*patience = (struct patience){ 0 };
}
