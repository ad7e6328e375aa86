/* SPDX-License-Identifier: MIT */
#include "tcp.h"

#include <errno.h>
#include <netinet/tcp.h>

#include "kernel.h"

static int
option_of(int fd, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	if (kernel_getsockopt(fd, level, name, &value, &size) == -1)
		return -1;
	/* A stream of TIPC answers with nothing: net/tipc/socket.c, tipc_getsockopt(). */
	errno = ENOPROTOOPT;
	return size == sizeof(value) ? value : -1;
}

int
tcp_protocol(int fd)
{
	int protocol = option_of(fd, SOL_SOCKET, SO_PROTOCOL);

	if (protocol == -1)
		return -1;
	/* A raw socket may have protocol 6, too. */
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_MPTCP)
		return 0;
	if (option_of(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM)
		return 0;
	/* Other families have protocols with these numbers, too. */
	return tcp_is_internet(option_of(fd, SOL_SOCKET, SO_DOMAIN)) ? protocol : 0;
}

bool
tcp_is_likely(int fd)
{
	enum { OUTQ_UNSENT = 0x894b }; /* SIOCOUTQNSD, linux/sockios.h, which musl-gcc hides */
	char request[64] = {
		0
	}; /* the kernel reads a struct ifreq where the protocol knows no answer */

	/* A listener answers with EINVAL: net/ipv4/tcp.c, tcp_ioctl(). */
	return syscall(SYS_ioctl, fd, OUTQ_UNSENT, request) == 0 || errno == EINVAL;
}

bool
tcp_listens(int fd)
{
	return option_of(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1;
}
