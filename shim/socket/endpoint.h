/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_ENDPOINT_H
#define KASHIM_ENDPOINT_H

#include <sys/socket.h>

#include "policy.h"

/* From a socket address of the kernel's. Anything but IPv4 and IPv6 is not known. */
struct endpoint endpoint_of(const struct sockaddr_storage *address);

/* Both ends of a socket, getsockname(2) and getpeername(2). Change errno. */
struct endpoint endpoint_local(int fd);
struct endpoint endpoint_remote(int fd);

/* Whether the address is 0.0.0.0 or ::, any address of this host. */
bool endpoint_is_any(const struct endpoint *endpoint);

#endif
