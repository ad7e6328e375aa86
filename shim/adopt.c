/* SPDX-License-Identifier: MIT */
#include "adopt.h"

#include <stdatomic.h>
#include <stdint.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "apply.h"
#include "load.h"
#include "report.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* A byte each, so that threads need no lock. A program touches one page for its first 4,096
 * descriptors. */
enum { MARKS = 65536 };
static _Atomic uint8_t marks[MARKS];

void
mark_set(int fd, enum mark mark)
{
	if (fd >= 0 && fd < MARKS)
		atomic_store_explicit(&marks[fd], (uint8_t)mark, memory_order_relaxed);
}

enum mark
mark_of(int fd)
{
	if (fd < 0 || fd >= MARKS)
		return MARK_UNKNOWN;
	return atomic_load_explicit(&marks[fd], memory_order_relaxed);
}

bool
adopt_is_tcp_request(int family, int type, int protocol)
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

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

/* A raw socket may have protocol 6, too. */
bool
adopt_is_tcp(int fd)
{
	int protocol = option_of(fd, SO_PROTOCOL);

	return (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP) &&
	       option_of(fd, SO_TYPE) == SOCK_STREAM;
}

void
adopt(int fd)
{
	if (!adopt_is_tcp(fd)) {
		mark_set(fd, MARK_OTHER);
		return;
	}
	apply(fd, &load()->settings);
	mark_set(fd, MARK_CARRIES);
	report_socket(fd, load());
}
