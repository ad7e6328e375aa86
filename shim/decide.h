/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_DECIDE_H
#define KASHIM_DECIDE_H

#include <sys/socket.h>

#include "load.h"
#include "record.h"

/*
 * Which rule decides for a connection, and what becomes of its socket. For programs with rules that
 * wait for connections. All of these change errno.
 */

/* What a socket under this connection rule carries; 0 is for what the other rules say. */
const struct settings *decide_settings(const struct loaded *loaded, unsigned rule);

/*
 * The connection rule for a socket that connects to `address`, where that is not NULL and can be
 * read, or else to its peer. Without a known peer no rule with `remote` or `remote_port` holds.
 */
unsigned decide_rule(const struct loaded *loaded, int fd, enum direction direction,
    const struct sockaddr *address, socklen_t size);

/*
 * Put a socket under another rule: set what differs, and give back to the kernel what only the rule
 * before had set. What the program has set itself counts as the mode of the rule says.
 */
void decide_switch(
    const struct loaded *loaded, int fd, struct record *record, unsigned rule, bool is_decided);

/*
 * The kernel's own choice for each option of a new socket, read once from one. VALUE_UNSET where
 * it cannot be read.
 */
struct settings decide_defaults(void);

/* The same, to be read from this TCP socket, which is new. */
void decide_learn_defaults(int fd);

#endif
