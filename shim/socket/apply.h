/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_APPLY_H
#define KASHIM_APPLY_H

#include <sys/socket.h>

#include "policy.h"

/* The setsockopt(2) that sets options: libc's, or in a wrapped program the next definition. */
typedef int apply_setsockopt(int fd, int level, int name, const void *value, socklen_t size);

/*
 * Put settings, resolved, on a new TCP socket: one setsockopt(2) for each option that they set. What
 * the kernel refuses (TCP_USER_TIMEOUT on MPTCP, a seccomp filter) is skipped. All of these change
 * errno.
 */
void apply(int fd, const struct settings *settings, apply_setsockopt *call);

/*
 * The options that belong to a listening socket, on one that was made under these settings and is
 * about to listen; apply() leaves them out.
 */
void apply_listener(int fd, const struct settings *settings, apply_setsockopt *call);

/*
 * Bring in a TCP socket that was made elsewhere, and that may have been brought in before: read what
 * it has, and set what apply_choose() wants in its place. `defaults` are those of a new socket, of
 * apply_defaults(); under `tighten` and `force` they are not looked at. Returns the options that
 * have changed, as bits 1 << option; a second time there are none.
 */
uint32_t apply_adopt(int fd, const struct settings *settings, const struct settings *defaults,
    bool listens, apply_setsockopt *call);

/*
 * The same for the options that wait for a connection, on a socket that has one or listens:
 * apply_adopt() leaves them out.
 */
void apply_adopt_connection(int fd, const struct settings *settings, apply_setsockopt *call);

/*
 * What a socket that was made elsewhere should have for an option, where it `has` a value and a new
 * one has `fresh`: under `force` the policy's value, under `suggest` the policy's in place of the
 * kernel's default, under `tighten` the smaller one. Pure.
 */
int32_t apply_choose(
    const struct settings *settings, enum option_id option, int32_t has, int32_t fresh);

/*
 * A socket that carries one policy comes under another: set what differs, and give back to the
 * kernel what only the first one had set. `asked` is what the program has set itself, VALUE_UNSET
 * for the rest.
 */
void apply_change(int fd, const struct settings *from, const struct settings *to,
    const struct settings *asked, const struct settings *defaults, apply_setsockopt *call);

/* Whether settings, resolved, want a value for this option, on a socket that does (not) listen. */
bool apply_wants(const struct settings *settings, enum option_id option, bool listener);

/* What a TCP socket has. VALUE_UNSET where it cannot be found out. */
struct settings apply_read(int fd);

/*
 * What the kernel gives a new TCP socket, read from one. VALUE_UNSET where it cannot be found out.
 */
struct settings apply_defaults(void);

#endif
