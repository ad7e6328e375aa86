/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_ENTER_H
#define KASHIM_OUTSIDE_ENTER_H

#include <stdint.h>

/* Older headers of libc do not have it: linux 5.14. Some architectures have other numbers. */
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

/*
 * A socket in the network namespace of a process, whose /proc/PID `directory` is; -1 where there is
 * none to be had. Exits where there is no way back.
 */
int enter_socket(int directory, int family, int type, int protocol);

/* The number of the network namespace in which a socket was made, 0 where the kernel has none. */
uint64_t enter_cookie(int fd);

#endif
