/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_ADOPT_H
#define KASHIM_ADOPT_H

#include <sys/socket.h>

#include "load.h"
#include "mark.h"

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
