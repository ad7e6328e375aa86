/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_SOCKET_H
#define KASHIM_OUTSIDE_SOCKET_H

#include "outside-netns.h"
#include "outside-process.h"
#include "policy.h"

/* A TCP socket of a running process, seen through a copy of its descriptor: pidfd_getfd(2). */
struct outside_socket {
	int fd;   /* its number in the process, -1 where no process was found */
	int copy; /* our own, -1 where it may not be had: then what only it can tell is unknown */
	int family, protocol;
	int state; /* TCP_ESTABLISHED and the like; 0 where unknown */
	bool listens;
	struct endpoint local, remote;   /* a local port 0 is no port */
	enum direction direction;        /* of a connection; accepted where something listens at its
					    local end */
	struct settings have;            /* VALUE_UNSET where unknown */
	const struct settings *defaults; /* what the kernel gives a new socket in its namespace */
	int64_t next_probe;              /* milliseconds, -1 where none is due or that is unknown */
};

typedef void visit_socket(const struct outside_socket *socket, void *context);

/*
 * Visit the TCP sockets of a process in the order of their descriptors; one that has several is
 * visited once. The copy is closed after the visit. Returns 0, or why not all could be looked at,
 * an errno. What is closed meanwhile is left out.
 */
int sockets_visit(
    const struct process *process, struct netns *netns, visit_socket *visit, void *context);

/* One that is only listed: of a process that was not found, or may not be looked at. */
struct outside_socket socket_listed(const struct listed *listed);

/* "established", "listen"; "?" for 0. */
const char *socket_state_name(int state);

#endif
