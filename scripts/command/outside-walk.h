/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_WALK_H
#define KASHIM_OUTSIDE_WALK_H

#include "outside-visit.h"

/* A walk over the sockets of running processes, for status and apply. Starts as { 0 }, with
 * `policies.conf` where that is not the system's. */
struct walk {
	struct policies policies;
	struct netns *met; /* network namespaces */
	struct patience patience;
	bool changes;          /* put the policy on the sockets, too */
	bool any_refused;      /* some process may not be looked at */
	unsigned refused;      /* how many of those that were meant, */
	int why;               /* and why, an errno */
	unsigned unjudged;     /* processes that were meant and could not be judged in the time */
	unsigned listed_alone; /* sockets of which no process was found */
};

/*
 * Visit the TCP sockets of the processes that the operands mean (see process_is()), or of all where
 * there are none; then, of all, those that no visible process holds. A socket that several hold is
 * visited once, with its owner where that is meant. An operand that means no process is an error
 * that is printed. Returns false where there was one.
 */
bool walk_sockets(struct walk *walk, char *const *operands, visit_found *found, void *context);

/* Say on stderr what could not be looked at, and why. Returns whether there was something. */
bool walk_report(const struct walk *walk);
void walk_free(struct walk *walk);

#endif
