/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_METRICS_H
#define KASHIM_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "counters.h"

enum metrics_keepalive { METRICS_ON, METRICS_OFF, METRICS_UNKNOWN, METRICS_KEEPALIVES };

/* States of sockets: TCP_ESTABLISHED and the like, 0 where unknown. */
enum { METRICS_STATES = 13 };

/* Of one network namespace. */
struct metrics_kernel {
	uint64_t netns; /* the inode of /proc/PID/ns/net */
	uint64_t counter[COUNTER_COUNT];
};

/* What is measured: of one sweep of kashim watch, or of one kashim status. Starts as { 0 }. */
struct metrics {
	unsigned long sockets[METRICS_STATES][METRICS_KEEPALIVES];
	unsigned long unprotected; /* sockets that lack what the policy wants */
	unsigned long unreadable;  /* processes that could not be looked at */
	struct metrics_kernel *kernel;
	size_t kernels;
	bool policy_good;
	/* What only watch knows. */
	bool watches;
	uint64_t changed, sweeps; /* since it was started */
	double seconds, processor_seconds;
	int64_t finished; /* seconds since 1970 */
};

/* Add what the kernel has counted in the namespace of a process, whose /proc/PID `directory` is. */
void metrics_add_kernel(struct metrics *metrics, int directory, uint64_t netns);

/* Print them as text for Prometheus, and for the textfile collector of its node exporter. */
void metrics_print(const struct metrics *metrics, FILE *out);

/*
 * Replace a file by them, at once and whole, readable for everyone. Returns false with errno where
 * that cannot be done; then the file is as it was.
 */
bool metrics_write(const struct metrics *metrics, const char *path);

/* Free what they point to. */
void metrics_free(struct metrics *metrics);

#endif
