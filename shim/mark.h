/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_MARK_H
#define KASHIM_MARK_H

#include <stdbool.h>
#include <stdint.h>

enum mark_kind {
	MARK_UNKNOWN, /* never seen */
	MARK_OTHER,   /* a socket, but not TCP */
	MARK_TCP,     /* a TCP socket that carries the policy */
};

/*
 * What the shim knows of a descriptor, so that no socket costs its options twice. It lasts until
 * the descriptor is closed by close(2), or another one takes its place; where libc closes one by
 * itself, as in fclose(3), it stays. A child of vfork(2) shares it and may end it early, and then
 * the socket is adopted once more.
 */
struct mark {
	unsigned kind : 2;
	unsigned mptcp : 1; /* the kernel passes less on to its connections */
	unsigned
	    decided : 1; /* its connection is known, and the rules that look at it have spoken */
	unsigned
	    asked : 11; /* options that the program set itself and that got through: 1 << option */
	unsigned rule : 16; /* the connection rule that decided, from 1; 0 for what the other rules
			       say */
};

/* Beyond the largest descriptor that is remembered, everything is unknown and nothing is kept. */
struct mark mark_of(int fd);
void mark_put(int fd, struct mark mark);

/*
 * A listener that got the policy late has `count` connections in its queue that lack it. Each one
 * that is accepted is taken from that number; returns whether there was one left.
 */
void mark_queued(int fd, uint32_t count);
bool mark_take_queued(int fd);

/* What is known of one descriptor is known of its duplicate. */
void mark_copy(int fd, int copy);

#endif
