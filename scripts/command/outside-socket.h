/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_SOCKET_H
#define KASHIM_OUTSIDE_SOCKET_H

#include "outside-netns.h"
#include "outside-process.h"
#include "policy.h"

/* A TCP socket of a running process, seen through a copy of its descriptor: pidfd_getfd(2). */
struct outside_socket {
	int fd; /* its number in the process, -1 where no process was found */
	uint64_t inode;
	int copy; /* our own, -1 where it may not be had: then what only it can tell is unknown */
	int family, protocol;
	int state; /* TCP_ESTABLISHED and the like; 0 where unknown */
	bool listens;
	struct endpoint local, remote; /* a local port 0 is no port */
	/* of a connection; accepted where something listens at its local end */
	enum direction direction;
	struct settings have;            /* VALUE_UNSET where unknown */
	const struct settings *defaults; /* what the kernel gives a new socket in its namespace */
	int64_t next_probe;              /* milliseconds, -1 where none is due or that is unknown */
};

/*
 * Copy a socket of a process and read it. Returns 0; EBADF where the descriptor is closed, or is
 * none of this TCP socket any more; or why it may not be had, an errno: then what is listed of it is
 * all that is known. The copy is the caller's to close, soon: while it is open, the socket lives on.
 */
int socket_open(struct outside_socket *socket, const struct process *process, struct netns *met,
    const struct held *held);
void socket_close(struct outside_socket *socket);

/* One that is only listed: of a process that was not found, or may not be looked at. */
struct outside_socket socket_listed(const struct listed *listed);

/* "established", "listen"; "?" for 0. */
const char *socket_state_name(int state);

#endif
