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

struct counter_row {
	const char *kernel; /* its name in /proc/net/netstat, */
	const char *key;    /* in JSON, */
	const char *words;  /* for people, "keepalive probes sent", */
	const char *metric; /* and for Prometheus, with what is said about it there */
	const char *help;
};
extern const struct counter_row counter_table[COUNTER_COUNT];

/*
 * Read them by a process that is in the namespace; `directory` is its /proc/PID. Returns false where
 * they cannot be read.
 */
bool counters_read(int directory, uint64_t counters[COUNTER_COUNT]);

#endif
