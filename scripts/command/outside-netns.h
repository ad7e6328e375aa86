/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_NETNS_H
#define KASHIM_OUTSIDE_NETNS_H

#include "outside-listed.h"

/* A network namespace: its TCP sockets at one moment, and its kernel defaults (tcp(7), sysctls). */
struct netns {
	struct netns *next;
	uint64_t inode;           /* see netns_inode() */
	uint64_t cookie;          /* what its sockets say of it; 0 where that is not known */
	struct settings defaults; /* nothing is set where they cannot be found out */
	struct listed *listed;    /* by inode */
	struct endpoint *listener;
	size_t count, listeners;
};

/* What tells namespaces apart: the inode of /proc/PID/ns/net; 0 where that may not be looked at. */
uint64_t netns_inode(int directory);

/*
 * The namespace of a process; `directory` is its /proc/PID. It becomes one of those that were met,
 * a list that starts as NULL; free all of them with netns_free().
 */
struct netns *netns_of(struct netns **met, int directory);
void netns_free(struct netns *met);

/* The same, but nothing is listed: the caller adds what listens. */
struct netns *netns_add(struct netns **met, int directory);
void netns_add_listener(struct netns *netns, const struct endpoint *local);

/* Whether some socket listens at this address, or at its port for any address. */
bool netns_listens(const struct netns *netns, const struct endpoint *local);

#endif
