/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_PATIENCE_H
#define KASHIM_OUTSIDE_PATIENCE_H

#include <stddef.h>
#include <stdint.h>

/*
 * How long processes may keep us waiting. The first one of a user that does not answer costs a
 * second, the next one half of that, and so on: so a thousand of them cost a few seconds, and the
 * processes of other users get their time all the same.
 */
enum { PATIENCE_MS = 1000, PATIENCE_LEAST_MS = 20 };

/* Starts as { 0 }. */
struct patience {
	struct impatience {
		uint32_t user;
		int64_t left; /* milliseconds */
	} * user;
	size_t count;
};

/* What the next process of a user gets, in milliseconds. */
int64_t patience_of(const struct patience *patience, uint32_t user);

/* One of its processes used it up. */
void patience_lose(struct patience *patience, uint32_t user);
void patience_free(struct patience *patience);

#endif
