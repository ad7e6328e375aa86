/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_FORCE_H
#define KASHIM_FORCE_H

#include <sys/socket.h>

#include "load.h"

/*
 * The program's setsockopt(2), for which the policy has a say. Where the policy has the last word
 * (mode `force`, and it sets this option on this socket), returns what the kernel would have
 * returned, and the policy's value stays. Everything else passes, and what the program set is
 * remembered for rules that wait for a connection.
 */
int force_setsockopt(
    const struct loaded *loaded, int fd, enum option_id option, const void *value, socklen_t size);

/* The option of the table with this level and name, or OPTION_COUNT. */
enum option_id force_option(int level, int name);

#endif
