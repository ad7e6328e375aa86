/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_MEASURE_H
#define KASHIM_MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Nanoseconds that only go forward. */
static inline int64_t
measure_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int
measure_compare(const void *a, const void *b)
{
	const int64_t *first = a;
	const int64_t *second = b;

	return *first < *second ? -1 : *first > *second;
}

/* The middle one of `count` figures, which get sorted. */
static inline int64_t
measure_median(int64_t *figure, int count)
{
	qsort(figure, (size_t)count, sizeof(*figure), measure_compare);
	return figure[count / 2];
}

/*
 * Wait to be asked: each line of the input wants one figure, in nanoseconds, on a line of the
 * output. So the variants of a measurement are all there at once, and are asked in turn.
 */
static inline void
measure_serve(int64_t (*figure)(void))
{
	int asked;

	while ((asked = getchar()) != EOF) {
		if (asked != '\n')
			continue;
		printf("%lld\n", (long long)figure());
		fflush(stdout);
	}
}

#endif
