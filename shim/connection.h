/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_CONNECTION_H
#define KASHIM_CONNECTION_H

#include <sys/socket.h>

#include "load.h"
#include "mark.h"

/*
 * connect(2), where there may be something to do for it: the socket was not seen before, or rules
 * wait for connections. Returns what the call returned, with its errno. A call that fails leaves
 * the socket as it was; one that goes on in the background counts as made.
 */
int connection_connect(const struct loaded *loaded, int fd, const struct sockaddr *address,
    socklen_t size, enum mark mark);

/*
 * A connection was accepted, and its listener was not seen before or is late, or rules wait for
 * connections. `address` and `size` are what the program gave to accept(2). errno stays.
 */
void connection_accepted(const struct loaded *loaded, int fd, int listener, enum mark mark,
    const struct sockaddr *address, const socklen_t *size);

#endif
