/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_COUNTERS_H
#define KASHIM_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

/* What the kernel has counted in a network namespace since that was made. */
enum counter {
	COUNTER_PROBES,      /* keepalive probes that were sent */
	COUNTER_TIMED_OUT,   /* connections that a timer has ended: no answer */
	COUNTER_RETRANSMITS, /* expired retransmission timers */
	COUNTER_COUNT
};

/* "keepalive probes sent", and as a metric is called. */
extern const char *const counter_words[COUNTER_COUNT];
extern const char *const counter_metrics[COUNTER_COUNT];

/*
 * Read them by a process that is in the namespace; `directory` is its /proc/PID. Returns false where
 * they cannot be read.
 */
bool counters_read(int directory, uint64_t counters[COUNTER_COUNT]);

#endif
