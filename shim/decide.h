/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_DECIDE_H
#define KASHIM_DECIDE_H

#include <sys/socket.h>

#include "load.h"
#include "mark.h"

/* What a descriptor with this mark carries. */
const struct settings *decide_settings(const struct loaded *loaded, struct mark mark);

/*
 * Decide for a TCP socket whose connection is known now: to `address` where that is not NULL and
 * can be read, else to its peer. The first rule that holds takes the place of what the mark says.
 * Gives the new mark. Changes errno.
 */
struct mark decide(const struct loaded *loaded, int fd, struct mark mark, enum direction direction,
    const struct sockaddr *address, socklen_t size);

/* The same, but only find the rule; the socket stays as it is. */
struct mark decide_rule(const struct loaded *loaded, int fd, struct mark mark,
    enum direction direction, const struct sockaddr *address, socklen_t size);

#endif
