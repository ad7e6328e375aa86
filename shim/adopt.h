/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_ADOPT_H
#define KASHIM_ADOPT_H

#include <stdbool.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "load.h"
#include "mark.h"

/* Older headers of libc do not have it: linux/in.h. */
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* Whether socket(2) with these arguments makes a TCP socket, MPTCP included. */
bool adopt_is_tcp_request(int family, int type, int protocol);

/* Whether an open descriptor is a TCP socket. Two system calls at most; changes errno. */
bool adopt_is_tcp(int fd);

/*
 * Bring in a descriptor that was made elsewhere. A TCP socket gets the policy: under `force` all of
 * it, else what still has the kernel's default. Of one that listens the queue is remembered, one
 * that is connected counts as accepted: who hands over connections is a server, inetd or the like.
 * Remembers what it is. Changes errno.
 */
struct mark adopt(const struct loaded *loaded, int fd);

/* Bring in all descriptors that are open. Changes errno. */
void adopt_open(const struct loaded *loaded);

/* Bring in those that came with a message, SCM_RIGHTS of unix(7). Changes errno. */
void adopt_message(const struct loaded *loaded, const struct msghdr *message);

#endif
