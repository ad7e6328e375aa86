/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_FORCE_H
#define KASHIM_FORCE_H

#include <stdbool.h>

#include <sys/socket.h>

#include "load.h"

/* Whether the policy has the last word on this socket option: mode `force`, and the policy sets it.
 */
bool force_holds(const struct loaded *loaded, int level, int name);

/*
 * The program's setsockopt(2) for such an option: returns what the kernel would have returned, and
 * the policy's value stays.
 */
int force_setsockopt(
    const struct loaded *loaded, int fd, int level, int name, const void *value, socklen_t size);

#endif
