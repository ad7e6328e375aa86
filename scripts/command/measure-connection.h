/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_MEASURE_CONNECTION_H
#define KASHIM_MEASURE_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "measure-target.h"

/*
 * One connection of `kashim measure`. It sends no data; what the server sends is thrown away. Its
 * sockets are made by system calls of our own, so that a libkashim which is loaded into every
 * program of the host does not put probes on them.
 */
enum connection_state {
	CONNECTION_NONE,
	CONNECTION_CONNECTING,
	CONNECTION_OPEN,
	CONNECTION_ENDED, /* its socket is closed */
};

struct connection {
	int fd; /* where connecting or open */
	enum connection_state state;
	int error;                       /* ended: the errno, or 0 for FIN */
	uint32_t sent, received;         /* segments, since it was opened, */
	uint32_t new_sent, new_received; /* and since it was looked at before */
	int64_t round_trip;              /* milliseconds, rounded up */
	int64_t patience_ends;           /* when connecting has taken too long */
	bool spoke;                      /* data came in since it was looked at before */
};

/* How long connecting may take, in milliseconds. */
enum { CONNECTION_PATIENCE = 15000 };

/*
 * Start to connect, which ends with ETIMEDOUT at `patience_ends`. Whether it works is seen by
 * connection_look().
 */
void connection_begin(
    struct connection *connection, const struct target *target, int64_t patience_ends);

/*
 * See what became of it: new state and numbers. `events` are those of poll(2), for which
 * connection_events() says what to wait for.
 */
short connection_events(const struct connection *connection);
void connection_look(struct connection *connection, short events, int64_t now);

/* Its own address, without the port, once it is open. */
void connection_local(const struct connection *connection, char name[TARGET_NAME_SIZE]);

/*
 * Send one keepalive probe now, on a connection that has been silent for a second at least. The
 * kernel's own timer is up to an eighth of its time late, which is why it is not used.
 */
void connection_probe(struct connection *connection);

/* No more of them, until the next one. */
void connection_be_silent(struct connection *connection);

/* Have the kernel send probes: seconds. Again to change the times. */
void connection_keepalive(struct connection *connection, int idle, int interval, int count);

/* End it: `error` and state are as if that had happened to it. Nothing where there is none. */
void connection_end(struct connection *connection, int error);

#endif
