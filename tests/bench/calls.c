/* SPDX-License-Identifier: MIT */
/*
 * What a network call costs: calls WHAT KIND TIMES [self], KIND is tcp, udp or unix. Each figure
 * is the median of so many times. WHAT is
 *
 *	socket     socket(2)
 *	close      close(2) of a socket
 *	both       one after the other
 *	connect    to a listener, or a bound socket, of this process
 *	accept     of a connection that waits
 *	exchange   send(2), recv(2), and the same back by sendmsg(2) and recvmsg(2)
 *
 * With "self" the program itself sets the options that kashim would set. What is measured is in
 * functions named measured_*, and nothing else is in there.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#include "measure.h"

/* Of Linux 6.15, and not in older headers: include/uapi/linux/tcp.h. */
#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44
#endif

enum { TIMES_MOST = 10000, BACKLOG = 16 };

static struct kind {
	const char *name;
	int family, type;
	socklen_t size; /* of an address that leaves the rest to the kernel */
} kinds[] = {
	{ "tcp", AF_INET, SOCK_STREAM, sizeof(struct sockaddr_in) },
	{ "udp", AF_INET, SOCK_DGRAM, sizeof(struct sockaddr_in) },
	{ "unix", AF_UNIX, SOCK_STREAM, sizeof(sa_family_t) },
	{ NULL },
};

static struct kind *kind = kinds;
static int times, self;
static int listener, client, accepted;
static struct sockaddr_storage address;
static socklen_t size = sizeof(address);

static void
expect(int good)
{
	if (good)
		return;
	perror("calls");
	exit(1);
}

/* A socket, with its options when they are for us to set. */
static int
open_socket(void)
{
	const int on = 1, idle = 60, interval = 10, count = 6;
	int fd = socket(kind->family, kind->type, 0);

	if (!self)
		return fd;
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	return fd;
}

static void
open_listener(void)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address;

	address.ss_family = (sa_family_t)kind->family;
	if (kind->family == AF_INET)
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = open_socket();
	expect(bind(listener, (struct sockaddr *)&address, kind->size) == 0);
	expect(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
	expect(kind->type == SOCK_DGRAM || listen(listener, BACKLOG) == 0);
}

static void
open_client(void)
{
	client = open_socket();
	expect(client != -1);
}

static void __attribute__((noinline)) measured_socket(void)
{
	client = open_socket();
}

static void __attribute__((noinline)) measured_close(void)
{
	close(client);
}

static void __attribute__((noinline)) measured_both(void)
{
	client = open_socket();
	close(client);
}

/* What bounds data in flight shortens the handshake, too, so it comes after it. */
static void
connect_client(void)
{
	const int longest = 10800;

	expect(connect(client, (struct sockaddr *)&address, size) == 0);
	if (self)
		setsockopt(client, IPPROTO_TCP, TCP_RTO_MAX_MS, &longest, sizeof(longest));
}

static void __attribute__((noinline)) measured_connect(void)
{
	connect_client();
}

static void __attribute__((noinline)) measured_accept(void)
{
	accepted = accept(listener, NULL, NULL);
	expect(accepted != -1);
}

static void __attribute__((noinline)) measured_exchange(void)
{
	char byte[64] = "";
	struct iovec part = { byte, sizeof(byte) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	expect(send(client, byte, sizeof(byte), 0) == sizeof(byte));
	expect(recv(accepted, byte, sizeof(byte), 0) == sizeof(byte));
	expect(sendmsg(accepted, &message, 0) == sizeof(byte));
	expect(recvmsg(client, &message, 0) == sizeof(byte));
}

/* By a reset: no connection stays behind to wait for its time. */
static void
close_both(void)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(accepted, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(accepted);
	close(client);
}

static void
accept_and_close(void)
{
	accepted = kind->type == SOCK_STREAM ? accept(listener, NULL, NULL) : -1;
	close_both();
}

static void
open_connection(void)
{
	open_client();
	connect_client();
}

static void
open_pair(void)
{
	open_connection();
	accepted = accept(listener, NULL, NULL);
}

static void
close_client(void)
{
	close(client);
}

static void
nothing(void)
{
}

static const struct what {
	const char *name;
	void (*before)(void), (*call)(void), (*after)(void);
} whats[] = {
	{ "socket", nothing, measured_socket, close_client },
	{ "close", open_client, measured_close, nothing },
	{ "both", nothing, measured_both, nothing },
	{ "connect", open_client, measured_connect, accept_and_close },
	{ "accept", open_connection, measured_accept, close_both },
	{ "exchange", open_pair, measured_exchange, close_both },
	{ NULL },
};

static const struct what *what = whats;

static int64_t
figure(void)
{
	static int64_t spent[TIMES_MOST];

	for (int i = 0; i < times; i++) {
		int64_t start;

		what->before();
		start = measure_now();
		what->call();
		spent[i] = measure_now() - start;
		what->after();
	}
	return measure_median(spent, times);
}

static _Noreturn void
usage(void)
{
	fputs("usage: calls socket|close|both|connect|accept|exchange tcp|udp|unix TIMES [self]\n",
	    stderr);
	exit(2);
}

int
main(int argc, char **argv)
{
	if (argc < 4 || argc > 5)
		usage();
	while (what->name != NULL && strcmp(what->name, argv[1]) != 0)
		what++;
	while (kind->name != NULL && strcmp(kind->name, argv[2]) != 0)
		kind++;
	times = (int)strtol(argv[3], NULL, 10);
	self = argc == 5 && strcmp(argv[4], "self") == 0;
	if (what->name == NULL || kind->name == NULL || times < 1 || times > TIMES_MOST)
		usage();
	open_listener();
	measure_serve(figure);
	return 0;
}
