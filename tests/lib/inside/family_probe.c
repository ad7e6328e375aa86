/* SPDX-License-Identifier: MIT */
/*
 * family_probe FAMILY | numbers: connect, listen, accept, accept4, close, dup2 and dup3 with
 * sockets of a family (inet, inet6, mptcp, unix, packets), and what accept writes where, for each
 * size of the room; or which numbers descriptors get, up to the last that may be open.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>

#include <sys/resource.h>
#include <sys/un.h>

#include "probe.h"
#include "rights.h"

enum { ROOM = 128, FEW = 20 };

static const struct family {
	const char *name;
	int family, type, protocol;
} families[] = {
	{ "inet", AF_INET, SOCK_STREAM, 0 },
	{ "inet6", AF_INET6, SOCK_STREAM, 0 },
	{ "mptcp", AF_INET, SOCK_STREAM, IPPROTO_MPTCP },
	{ "unix", AF_UNIX, SOCK_STREAM, 0 },
	{ "packets", AF_UNIX, SOCK_SEQPACKET, 0 },
};

static const struct family *family;
static struct sockaddr_storage server;
static socklen_t server_size;

static int
make(void)
{
	return socket(family->family, family->type, family->protocol);
}

/* A name or an address to which this socket is bound. */
static socklen_t
bind_to(int fd, const char *name, struct sockaddr_storage *address)
{
	socklen_t size = sizeof(*address);

	memset(address, 0, sizeof(*address));
	address->ss_family = (sa_family_t)family->family;
	if (family->family == AF_UNIX) {
		memcpy(((struct sockaddr_un *)address)->sun_path + 1, name, strlen(name));
		size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
	} else if (family->family == AF_INET6) {
		((struct sockaddr_in6 *)address)->sin6_addr = in6addr_loopback;
		size = sizeof(struct sockaddr_in6);
	} else {
		((struct sockaddr_in *)address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		size = sizeof(struct sockaddr_in);
	}
	if (bind(fd, (struct sockaddr *)address, size) == -1)
		exit(1);
	getsockname(fd, (struct sockaddr *)address, &size);
	errno = SENTINEL;
	return size;
}

static int
connect_client(void)
{
	struct sockaddr_storage own;
	int fd = make();

	if (fd == -1)
		return -1;
	bind_to(fd, "probe-client", &own);
	return connect(fd, (struct sockaddr *)&server, server_size) == 0 ? fd : -1;
}

/* All of the room, but for the port, which is the kernel's choice. */
static void
show_room(const unsigned char *room, socklen_t size)
{
	printf("  size %d:", (int)size);
	for (int i = 0; i < ROOM; i++)
		if (family->family == AF_UNIX || i < 2 || i > 3)
			printf(" %02x", room[i]);
	puts("");
	errno = SENTINEL;
}

static void
probe_accept(int listener)
{
	unsigned char room[ROOM];

	for (int i = -1; i <= 40; i++) {
		int client = connect_client(), fd;
		socklen_t size = (socklen_t)i;

		memset(room, 0xee, sizeof(room));
		errno = SENTINEL;
		if (i % 2 == 0)
			fd = accept(listener, (struct sockaddr *)room, &size);
		else
			fd = accept4(listener, (struct sockaddr *)room, &size, SOCK_CLOEXEC);
		show("accept", fd);
		show_room(room, size);
		/* Some failures leave the connection in the queue. */
		if (fd == -1)
			show("left", fd = accept(listener, NULL, NULL));
		close(fd);
		close(client);
	}
}

static void
probe_family(void)
{
	int listener = make(), fd, client, copy;

	show("socket", listener);
	server_size = bind_to(listener, "probe-server", &server);
	show("listen", listen(listener, 5));
	fd = make();
	for (socklen_t size = 0; size < server_size && size < 28; size++)
		if (family->family != AF_UNIX || size < 3)
			show("short address", connect(fd, (struct sockaddr *)&server, size));
	close(fd);
	fd = make();
	show("too long", connect(fd, (struct sockaddr *)&server, 129));
	show("NULL, 0", connect(fd, NULL, 0));
	show("to oneself", connect(listener, (struct sockaddr *)&server, server_size));
	client = connect_client();
	show("connect", client);
	show("again", connect(client, (struct sockaddr *)&server, server_size));
	show("listen on a client", listen(client, 5));
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	show("accept4", fd);
	show("its flags", fcntl(fd, F_GETFL));
	show("connect from the server's end", connect(fd, (struct sockaddr *)&server, server_size));
	show("accept on a connection", accept(fd, NULL, NULL));
	show("dup2", copy = dup2(fd, 30));
	show("dup2 to itself", dup2(fd, fd));
	show("dup2 over a listener", dup2(listener, copy));
	show("dup2, EBADF", dup2(-1, 31));
	show("dup2, EBADF, no such", dup2(NO_SUCH_FD, fd));
	show("dup2 to -1", dup2(fd, -1));
	show("dup2, too high", dup2(fd, LAST * 1000));
	show("dup3", dup3(fd, 31, O_CLOEXEC));
	show("its flags", fcntl(31, F_GETFD));
	show("dup3 to itself", dup3(fd, fd, 0));
	show("dup3, unknown flags", dup3(fd, 32, O_APPEND));
	show("dup3, EBADF", dup3(NO_SUCH_FD, 32, 0));
	show("close", close(fd));
	show("close again", close(fd));
	show("close -1", close(-1));
	show("close, far away", close(LAST));
	close(client);
	close(31);
	fcntl(copy, F_SETFL, O_NONBLOCK);
	probe_accept(copy);
	show("a TCP socket", socket(AF_INET, SOCK_STREAM, 0));
}

/* One of each, as the numbers come. */
static void
take_one_of_each(int listener, int letters)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	char byte;
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	int client = connect_client(), pipes[2];

	show("client", client);
	show("accept", accept(listener, NULL, NULL));
	rights_send(letters, listener);
	show("recvmsg", (int)recvmsg(letters + 1, &message, MSG_DONTWAIT));
	show("control", (int)message.msg_controllen);
	show("udp", socket(AF_INET, SOCK_DGRAM, 0));
	show("pipe", pipe(pipes));
	show("dup", dup(listener));
	show("open", open("/dev/null", O_RDONLY));
}

static void
probe_numbers(void)
{
	int letters[2], listener = make();
	struct rlimit limit;

	server_size = bind_to(listener, "", &server);
	listen(listener, FEW * FEW);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, letters) == -1)
		exit(1);
	getrlimit(RLIMIT_NOFILE, &limit);
	/* From plenty to none. */
	for (int few = FEW; few > letters[1] + 1; few--) {
		limit.rlim_cur = (rlim_t)few;
		setrlimit(RLIMIT_NOFILE, &limit);
		printf("limit %d\n", few);
		take_one_of_each(listener, letters[0]);
		show("dup2 to the last", dup2(listener, few - 1));
		show("dup2 to the limit", dup2(listener, few));
		closefrom(letters[1] + 1);
		take_one_of_each(listener, letters[0]);
		close_range(letters[1] + 1, ~0U, 0);
	}
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (int fd = 1000; fd > STDERR_FILENO; fd--)
		close(fd);
	show("all are closed", make());
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fd != STDOUT_FILENO)
			close(fd);
	show("standard input, too", make());
	show("standard error, too", make());
}

int
main(int argc, char **argv)
{
	const char *topic = argc == 2 ? argv[1] : "";
	int numbers = strcmp(topic, "numbers") == 0;

	closefrom(STDERR_FILENO + 1);
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (strcmp(families[i].name, numbers ? "inet" : topic) == 0)
			family = &families[i];
	if (family == NULL)
		return 2;
	if (numbers)
		probe_numbers();
	else
		probe_family();
	return 0;
}
