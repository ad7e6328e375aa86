/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_ENTER_H
#define KASHIM_OUTSIDE_ENTER_H

#include <stdbool.h>
#include <stdint.h>

/* Older headers of libc do not have it: linux 5.14. Some architectures have other numbers. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/* What shall be done in a network namespace. */
typedef void enter_work(void *context);

/*
 * Do it in the network namespace of a process, whose /proc/PID `directory` is. Returns false where
 * that may not be entered. Exits where there is no way back.
 */
bool enter_netns(int directory, enter_work *work, void *context);

/* The number of the network namespace in which a socket was made, 0 where the kernel has none. */
uint64_t enter_cookie(int fd);

#endif
