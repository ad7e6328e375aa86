/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_NETNS_H
#define KASHIM_OUTSIDE_NETNS_H

#include <stddef.h>
#include <sys/types.h>

#include "policy.h"

/* A TCP socket as /proc/PID/net/tcp lists it: proc(5). Anyone may read that. */
struct listed {
	uint64_t inode;
	struct endpoint local, remote;
	int family;
	int state;     /* TCP_LISTEN and the like, netinet/tcp.h */
	int64_t timer; /* milliseconds until its keepalive timer fires, -1 where that is off */
	bool seen;     /* some process was found that holds it */
};

/* A network namespace: its TCP sockets at one moment, and its kernel defaults (tcp(7), sysctls). */
struct netns {
	struct netns *next;
	uint64_t inode;           /* of /proc/PID/ns/net; 0 where that may not be looked at */
	uint64_t cookie;          /* what its sockets say of it; 0 where that is not known */
	struct settings defaults; /* nothing is set where they cannot be found out */
	struct listed *listed;    /* by inode */
	struct endpoint *listener;
	size_t count, listeners;
};

/*
 * The namespace of a process; `directory` is its /proc/PID. It becomes one of those that were met,
 * a list that starts as NULL; free all of them with netns_free().
 */
struct netns *netns_of(struct netns **met, int directory);
void netns_free(struct netns *met);

/* The same, but nothing is listed: the caller adds what listens. */
struct netns *netns_add(struct netns **met, int directory);
void netns_add_listener(struct netns *netns, const struct endpoint *local);

/* The first of those with this inode, or NULL. */
const struct listed *netns_find(const struct netns *netns, uint64_t inode);

/* Some process was found that holds the socket with this inode. */
void netns_mark(struct netns *netns, uint64_t inode);

/* Whether some socket listens at this address, or at its port for any address. */
bool netns_listens(const struct netns *netns, const struct endpoint *local);

/*
 * List the sockets again, as they are now, in the order of their ports. What is gone meanwhile is
 * not listed any more; what is new counts as seen. After that netns_find() is of no use.
 */
void netns_refresh(struct netns *netns, int directory);

#endif
