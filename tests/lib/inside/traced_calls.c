/* SPDX-License-Identifier: MIT */
/*
 * traced_calls STEP...: short network programs, one after the other, for a tracer. What lies before
 * them is separated by a write(2) of "begin".
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "rights.h"

static void
check(int result, const char *what)
{
	if (result != -1)
		return;
	perror(what);
	exit(1);
}

static struct sockaddr_in
address_of(int fd)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);

	check(getsockname(fd, (struct sockaddr *)&address, &size), "getsockname");
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static void
connect_to(int fd, int listener)
{
	struct sockaddr_in address = address_of(listener);

	check(connect(fd, (struct sockaddr *)&address, sizeof(address)), "connect");
}

/* One byte, by the calls that may bring control data, without any. */
static void
talk(int from, int to)
{
	char byte = 'x';
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	struct mmsghdr messages = { .msg_hdr = message };

	for (int i = 0; i < 3; i++)
		check((int)send(from, &byte, 1, 0), "send");
	check((int)recv(to, &byte, 1, 0), "recv");
	check((int)recvmsg(to, &message, 0), "recvmsg");
	check(recvmmsg(to, &messages, 1, 0, NULL), "recvmmsg");
}

/* Numbers: 3 listens, 4 is the client's, 5 and 6 the server's connections. */
static void
tcp(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	int connection, second;

	check(listen(listener, 5), "listen");
	connect_to(client, listener);
	connection = accept(listener, NULL, NULL);
	check(connection, "accept");
	talk(client, connection);
	talk(connection, client);
	check(shutdown(client, SHUT_RDWR), "shutdown");
	close(client);
	client = socket(AF_INET, SOCK_STREAM, 0);
	connect_to(client, listener);
	second = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	check(second, "accept4");
	close(second);
	close(connection);
	close(client);
	close(listener);
}

/* Nobody listens at port 1. */
static void
refused(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(1) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 5; i++)
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != -1 ||
		    errno != ECONNREFUSED)
			check(-1, "connect");
	close(fd);
}

static void
socket_alone(void)
{
	check(close(socket(AF_INET, SOCK_STREAM, 0)), "socket");
}

static void
udp(void)
{
	int server = socket(AF_INET, SOCK_DGRAM, 0);
	int client = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in address = { .sin_family = AF_INET };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check(bind(server, (struct sockaddr *)&address, sizeof(address)), "bind");
	connect_to(client, server);
	connect_to(client, server);
	talk(client, server);
	close(client);
	close(server);
}

static void
unix_stream(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "\0kashim-steps" };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	check(bind(listener, (struct sockaddr *)&address, sizeof(address)), "bind");
	check(listen(listener, 5), "listen");
	for (int i = 0; i < 2; i++) {
		int client = socket(AF_UNIX, SOCK_STREAM, 0), connection;

		check(connect(client, (struct sockaddr *)&address, sizeof(address)), "connect");
		connection =
		    i == 0 ? accept(listener, NULL, NULL) : accept4(listener, NULL, NULL, 0);
		check(connection, "accept");
		talk(client, connection);
		close(connection);
		close(client);
	}
	close(listener);
}

/* Control data that holds no descriptors: who sent it. */
static void
credentials(void)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
	char byte = 'x';
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	int on = 1, ends[2];

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	check(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), "setsockopt");
	check((int)send(ends[0], &byte, 1, 0), "send");
	check((int)recvmsg(ends[1], &message, 0), "recvmsg");
	if (CMSG_FIRSTHDR(&message) == NULL)
		check(-1, "no control data");
	close(ends[0]);
	close(ends[1]);
}

/* Numbers: 3 and 4 are the pair, 5 is the socket, which arrives as 6. */
static void
rights(void)
{
	int ends[2];

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), "socketpair");
	check(rights_send(ends[0], socket(AF_INET, SOCK_STREAM, 0)), "sendmsg");
	check(rights_receive(ends[1]), "recvmsg");
	for (int fd = 3; fd <= 6; fd++)
		check(close(fd), "close");
}

static const struct {
	const char *name;
	void (*go)(void);
} steps[] = {
	{ "tcp", tcp },
	{ "refused", refused },
	{ "socket", socket_alone },
	{ "udp", udp },
	{ "unix", unix_stream },
	{ "credentials", credentials },
	{ "rights", rights },
};

static void
go(const char *name)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		if (strcmp(steps[i].name, name) == 0) {
			steps[i].go();
			return;
		}
	}
	fprintf(stderr, "traced_calls: %s: no such step\n", name);
	exit(2);
}

int
main(int argc, char **argv)
{
	/* So that numbers are known. */
	check((int)syscall(SYS_close_range, 3U, ~0U, 0U), "close_range");
	check((int)write(STDOUT_FILENO, "begin\n", 6), "write");
	for (int i = 1; i < argc; i++)
		go(argv[i]);
	return 0;
}
