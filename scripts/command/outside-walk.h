/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_WALK_H
#define KASHIM_OUTSIDE_WALK_H

#include "outside-verdict.h"

/* A walk over the sockets of running processes, for status and apply. Starts as { 0 }, with
 * `policies.conf` where that is not the system's. */
struct walk {
	struct policies policies;
	struct netns *netns_met; /* that were met */
	bool any_refused;        /* some process may not be looked at */
	unsigned refused;        /* how many of those that were meant, */
	int why;                 /* and why, an errno */
	unsigned listed_alone;   /* sockets of which no process was found */
};

/* The process is NULL where none was found that holds the socket. */
typedef void walk_visit(const struct process *process, const struct outside_socket *socket,
    const struct verdict *verdict, void *context);

/*
 * Visit the TCP sockets of the processes that the operands mean (see process_is()), or of all where
 * there are none; then, of all, those that no visible process holds. An operand that means no
 * process is an error that is printed. Returns false where there was one.
 */
bool walk_sockets(struct walk *walk, char *const *operands, walk_visit *visit, void *context);

/* Say on stderr what could not be looked at, and why. Returns whether there was something. */
bool walk_report(const struct walk *walk);
void walk_free(struct walk *walk);

#endif
