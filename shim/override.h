/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OVERRIDE_H
#define KASHIM_OVERRIDE_H

#include <sys/socket.h>

#include "load.h"

/*
 * The program's setsockopt(2) for an option that the policy may manage. Where the mode gives the
 * policy a say, the value that settings_choose() gives goes to the kernel in place of the
 * program's. Returns what the program's own call would have returned, with its errno.
 */
int override_setsockopt(
    const struct loaded *loaded, int fd, enum option_id option, const void *value, socklen_t size);

/* The option of the table with this level and name, or OPTION_COUNT. */
enum option_id override_option(int level, int name);

#endif
