/* SPDX-License-Identifier: MIT */
#include "tcp.h"

#include "kernel.h"

bool
tcp_is_request(int family, int type, int protocol)
{
	if (family != AF_INET && family != AF_INET6)
		return false;
	if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM)
		return false;
	return protocol == 0 || protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP;
}

static int
option_of(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return kernel_getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

int
tcp_protocol(int fd)
{
	int protocol = option_of(fd, SO_PROTOCOL);

	if (protocol == -1)
		return -1;
	/* A raw socket may have protocol 6, too. */
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP)
		return 0;
	return option_of(fd, SO_TYPE) == SOCK_STREAM ? protocol : 0;
}

bool
tcp_listens(int fd)
{
	return option_of(fd, SO_ACCEPTCONN) == 1;
}
