/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_WATCH_SWEEP_H
#define KASHIM_WATCH_SWEEP_H

#include "metrics.h"
#include "outside-ruling.h"
#include "watch-known.h"

/*
 * Sweeps over all TCP sockets of the host, in all network namespaces. Starts as { 0 }, with policies
 * that were opened. What the last sweep has seen costs a look into a table; what is new, or has lost
 * its timer, is looked for in /proc, and gets the policy.
 */
struct sweep {
	struct policies policies;
	struct known known; /* as the last sweep left them */
	struct known next;  /* as this one finds them */
	struct metrics metrics;
};

/* Told of each process that was changed, and of each that could not be looked at. */
struct sweep_news {
	pid_t pid;
	const char *program;
	unsigned changed;  /* sockets */
	const char *wrong; /* why it could not be looked at, or what the kernel refused; or NULL */
};
typedef void sweep_tell(const struct sweep_news *news);

/* Returns false where no network namespace could be listed. */
bool sweep_once(struct sweep *sweep, sweep_tell *tell);

/* Look at everything again the next time, for the policy is another one. */
void sweep_forget(struct sweep *sweep);
void sweep_free(struct sweep *sweep);

#endif
