/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_ADOPT_H
#define KASHIM_ADOPT_H

#include <stdbool.h>

/*
 * What the shim knows of a descriptor, so that no socket costs its options twice. Nobody tells when
 * a descriptor is closed, so a mark speaks of the last socket that came through us with this
 * number.
 */
enum mark {
	MARK_UNKNOWN, /* never seen */
	MARK_OTHER,   /* not TCP */
	MARK_CARRIES, /* a TCP socket that carries the policy */
};

/* Beyond the largest descriptor that is remembered, every socket is unknown. */
void mark_set(int fd, enum mark mark);
enum mark mark_of(int fd);

/* Whether socket(2) with these arguments makes a TCP socket, MPTCP included. */
bool adopt_is_tcp_request(int family, int type, int protocol);

/* Whether an open descriptor is a TCP socket. Two system calls at most; changes errno. */
bool adopt_is_tcp(int fd);

/* Bring in a socket that was made elsewhere: if it is TCP, it gets the policy. Remembers what it
 * is. Changes errno. */
void adopt(int fd);

#endif
