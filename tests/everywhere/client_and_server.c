/* SPDX-License-Identifier: MIT */
/*
 * client_and_server: a listener, a client and the connection between them, IPv4 and IPv6, some with the
 * program's own settings. Prints what each socket has: keepalive, idle, interval, count. It needs no
 * other program, so it runs wherever its machine does, under an emulator, too.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static int
value_of(int fd, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	getsockopt(fd, level, name, &value, &size);
	return value;
}

static void
show(const char *what, int family, int fd)
{
	printf("%-9s %s %d/%d/%d/%d\n", what, family == AF_INET ? "IPv4" : "IPv6",
	    value_of(fd, SOL_SOCKET, SO_KEEPALIVE), value_of(fd, IPPROTO_TCP, TCP_KEEPIDLE),
	    value_of(fd, IPPROTO_TCP, TCP_KEEPINTVL), value_of(fd, IPPROTO_TCP, TCP_KEEPCNT));
}

/* Shorter than the policy in one, longer in another, and keepalive off. */
static void
set_own(int fd)
{
	const int off = 0, idle = 7, interval = 500;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof(off));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
}

static int
try_family(int family)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address = { .any = { .sa_family = (sa_family_t)family } };
	socklen_t size = family == AF_INET ? sizeof(address.v4) : sizeof(address.v6);
	int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int client = socket(family, SOCK_STREAM, IPPROTO_TCP);
	int own = socket(family, SOCK_STREAM, 0);
	int udp = socket(family, SOCK_DGRAM, 0);
	int accepted;

	if (family == AF_INET)
		address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		address.v6.sin6_addr = in6addr_loopback;
	if (bind(listener, &address.any, size) == -1 || listen(listener, 5) == -1 ||
	    getsockname(listener, &address.any, &size) == -1 ||
	    connect(client, &address.any, size) == -1)
		return -1;
	accepted = accept(listener, NULL, NULL);
	show("listener", family, listener);
	show("client", family, client);
	show("accepted", family, accepted);
	set_own(own);
	if (connect(own, &address.any, size) == -1)
		return -1;
	show("own", family, own);
	accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	show("accepted4", family, accepted);
	show("copy", family, dup2(own, udp));
	return 0;
}
int
main(void)
{
	if (try_family(AF_INET) == -1) {
		perror("client_and_server");
		return 1;
	}
	if (try_family(AF_INET6) == -1)
		puts("no IPv6");
	return 0;
}
