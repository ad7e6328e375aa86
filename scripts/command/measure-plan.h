/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_MEASURE_PLAN_H
#define KASHIM_MEASURE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which silences `kashim measure` tries, in which round. Pure: no clock, no input or output. All
 * times are milliseconds.
 */
enum {
	PLAN_CONNECTIONS = 16,                /* at once, all kinds together */
	PLAN_SILENCES = PLAN_CONNECTIONS - 2, /* in one round: two connections are never silent */
	PLAN_ROUNDS = 10,                     /* as a rule it takes two or three */
	PLAN_LOWEST = 1000,                   /* no shorter silence is tried: a probe needs it */
	PLAN_HIGHEST = 24 * 60 * 60 * 1000,   /* nor a longer one: path_timeout has no more */
};

struct bounds {
	int64_t shortest, longest; /* of the first round */
	int64_t
	    remembered;    /* the longest silence that the path remembered a connection for; or 0 */
	int64_t forgotten; /* the shortest after which it had forgotten one; or 0 */
	int64_t limit;     /* the server itself ends silent connections after this; or 0 */
	bool is_doubtful;  /* `forgotten` has to be seen once more */
};

/* How large the gap between remembered and forgotten may stay: 5 %, or 2 s, or 20 % if less. */
int64_t plan_tolerance(int64_t remembered);

/*
 * The silences of the next round, ascending. Returns how many, 0 when there is nothing left to find
 * out. A known `forgotten` is tried again, as the last of a round.
 */
size_t plan_round(const struct bounds *bounds, int64_t silences[PLAN_SILENCES]);

/* How long the rest takes at most, on a network that works. */
int64_t plan_at_most(const struct bounds *bounds);

/*
 * The path_timeout for a path that remembers a connection for so long: below that, in seconds, a
 * number that people remember, too. 0 where none is short enough: the least is 4 s.
 */
int64_t plan_path_timeout(int64_t remembered);

#endif
