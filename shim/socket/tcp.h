/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_TCP_H
#define KASHIM_TCP_H

#include <stdbool.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "inline.h"

/* Older headers of libc do not have it: linux/in.h. */
#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

INLINE bool
tcp_is_internet(int family)
{
	return family == AF_INET || family == AF_INET6;
}

/* Whether socket(2) with these arguments makes a TCP socket, MPTCP included. */
INLINE bool
tcp_is_request(int family, int type, int protocol)
{
	if (!tcp_is_internet(family))
		return false;
	if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM)
		return false;
	return protocol == 0 || protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP;
}

/*
 * IPPROTO_TCP or IPPROTO_MPTCP for a TCP socket, 0 for another socket, -1 for what is none. Three
 * system calls at most. All of these change errno.
 */
int tcp_protocol(int fd);

/*
 * Whether it may be a TCP socket, by one call that programs that confine themselves mostly allow
 * for every descriptor: ioctl(2), SIOCOUTQNSD of <linux/sockios.h>, which TCP answers, and of other
 * sockets SMC. tcp_protocol() knows.
 */
bool tcp_is_likely(int fd);

bool tcp_listens(int fd);

#endif
