/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_APPLY_H
#define KASHIM_APPLY_H

#include "policy.h"

/*
 * Put settings, resolved, on a TCP socket: one setsockopt(2) for each option that they set. What
 * the kernel refuses (TCP_USER_TIMEOUT on MPTCP, a seccomp filter) is skipped. Changes errno.
 */
void apply(int fd, const struct settings *settings);

/* The same for the options that belong to a listening socket, apply() leaves them out. */
void apply_listener(int fd, const struct settings *settings);

#endif
