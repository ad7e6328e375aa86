/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_CLOCK_H
#define KASHIM_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { CLOCK_NS_IN_MS = 1000000 };

/* What a clock shows, in nanoseconds, and in milliseconds: clock_gettime(2). */
static inline int64_t
clock_ns(clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t
clock_ms(clockid_t clock)
{
	return clock_ns(clock) / CLOCK_NS_IN_MS;
}

#endif
