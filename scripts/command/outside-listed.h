/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_LISTED_H
#define KASHIM_OUTSIDE_LISTED_H

#include <stddef.h>

#include "policy.h"

/* A TCP socket as /proc/PID/net/tcp lists it: proc(5). Anyone may read that. */
struct listed {
	uint64_t inode;
	struct endpoint local, remote;
	int family;
	int state;     /* TCP_LISTEN and the like, netinet/tcp.h */
	int64_t timer; /* milliseconds until its keepalive timer fires, -1 where that is off */
};

/*
 * All of a network namespace, by their inodes: `directory` is the /proc/PID of a process in it.
 * Gives how many there are. Free them.
 */
struct listed *listed_read(int directory, size_t *count);

/* The first of those with this inode, or NULL. */
const struct listed *listed_find(const struct listed *listed, size_t count, uint64_t inode);

/* Sort them by their ports. Then listed_find() is of no use. */
void listed_sort_by_ports(struct listed *listed, size_t count);

#endif
