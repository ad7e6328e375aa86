/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_APPLY_H
#define KASHIM_APPLY_H

#include <sys/socket.h>

#include "policy.h"

/* The setsockopt(2) that sets options: libc's, or in a wrapped program the next definition. */
typedef int apply_setsockopt(int fd, int level, int name, const void *value, socklen_t size);

/*
 * Put settings, resolved, on a TCP socket: one setsockopt(2) for each option that they set. What
 * the kernel refuses (TCP_USER_TIMEOUT on MPTCP, a seccomp filter) is skipped. All of these change
 * errno.
 */
void apply(int fd, const struct settings *settings, apply_setsockopt *call);

/* The same for the options that belong to a listening socket; the others leave them out. */
void apply_listener(int fd, const struct settings *settings, apply_setsockopt *call);

/*
 * The same for the options that still have the kernel's default. Returns those that have not, as
 * bits 1 << option: someone set them.
 */
uint32_t apply_missing(int fd, const struct settings *settings, const struct settings *defaults,
    apply_setsockopt *call);

/*
 * A socket that carries one policy comes under another: set what differs, and give back to the
 * kernel what only the first one had set. `asked` are the options that the program set itself:
 * under `force` they are set, otherwise they stay.
 */
void apply_change(int fd, const struct settings *from, const struct settings *to, uint32_t asked,
    const struct settings *defaults, apply_setsockopt *call);

/* Whether settings, resolved, want a value for this option, on a socket that does (not) listen. */
bool apply_wants(const struct settings *settings, enum option_id option, bool listener);

/* What a TCP socket has. VALUE_UNSET where it cannot be found out. */
struct settings apply_read(int fd);

/* What the kernel gives a new TCP socket, read from one. VALUE_UNSET where it cannot be found out.
 */
struct settings apply_defaults(void);

#endif
