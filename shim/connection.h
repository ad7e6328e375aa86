/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_CONNECTION_H
#define KASHIM_CONNECTION_H

#include <errno.h>
#include <stdbool.h>

#include <sys/socket.h>

#include "load.h"
#include "mark.h"
#include "tcp.h"

/*
 * Whether connect(2), which has returned this, has begun a connection of IPv4 or IPv6: it is made,
 * or goes on in the background. The kernel has read the address then, so it can be read.
 */
INLINE bool
connection_goes_on(int result, const struct sockaddr *address)
{
	return (result == 0 || errno == EINPROGRESS || errno == EINTR) &&
	       tcp_is_internet(address->sa_family);
}

/* Such a call was made for a socket that was not seen before. errno stays. */
void connection_begun(
    const struct loaded *loaded, int fd, const struct sockaddr *address, socklen_t size);

/*
 * connect(2), where rules wait for connections or there is something to report. Returns what the call returned, with its errno. A call that fails leaves
 * the socket as it was; one that goes on in the background counts as made.
 */
int connection_connect(const struct loaded *loaded, int fd, const struct sockaddr *address,
    socklen_t size, enum mark mark);

/*
 * A connection was accepted, and its listener was not seen before or is late, or rules wait for
 * connections. `address` and `size` are what the program gave to accept(2). errno stays.
 */
void connection_accepted(const struct loaded *loaded, int fd, int listener, enum mark mark,
    const struct sockaddr *address, const socklen_t *size);

#endif
