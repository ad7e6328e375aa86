/* SPDX-License-Identifier: MIT */
/*
 * errno_probe TOPIC: call the interposed functions in every way that can go well or wrong, and
 * print what came back: the result, and errno, which held a sentinel before. Two runs in the same
 * surroundings print the same.
 */
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>

#include <sys/resource.h>
#include <sys/un.h>

#include "probe.h"

static void
probe_socket(void)
{
	struct rlimit few = { 0, 0 };

	show("tcp", socket(AF_INET, SOCK_STREAM, 0));
	show("tcp by name", socket(AF_INET, SOCK_STREAM, IPPROTO_TCP));
	show("tcp6", socket(AF_INET6, SOCK_STREAM, 0));
	show("non-blocking", socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
	show("mptcp", socket(AF_INET, SOCK_STREAM, 262));
	show("udp", socket(AF_INET, SOCK_DGRAM, 0));
	show("unix", socket(AF_UNIX, SOCK_STREAM, 0));
	show("raw tcp", socket(AF_INET, SOCK_RAW, IPPROTO_TCP));
	show("no family", socket(99, SOCK_STREAM, 0));
	show("negative family", socket(-1, SOCK_STREAM, 0));
	show("no type", socket(AF_INET, 77, 0));
	show("unknown flags", socket(AF_INET, SOCK_STREAM | 0x100000, 0));
	show("wrong protocol", socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
	show("negative protocol", socket(AF_INET, SOCK_STREAM, -1));
	setrlimit(RLIMIT_NOFILE, &few);
	errno = SENTINEL;
	show("no descriptor left", socket(AF_INET, SOCK_STREAM, 0));
}

static void
probe_connect(void)
{
	struct sockaddr_in server, nobody, other = loopback();
	const struct sockaddr *to_server = (struct sockaddr *)&server;
	const struct sockaddr *to_nobody = (struct sockaddr *)&nobody;
	struct sockaddr_un nowhere = { .sun_family = AF_UNIX, .sun_path = "/nonexistent" };
	struct pollfd ready;
	int fd;

	listening(SOCK_STREAM, &server);
	bound(SOCK_STREAM, &nobody);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	show("success", connect(fd, to_server, sizeof(server)));
	show("EISCONN", connect(fd, to_server, sizeof(server)));
	show("ECONNREFUSED", connect(socket(AF_INET, SOCK_STREAM, 0), to_nobody, sizeof(nobody)));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	show("EINPROGRESS", connect(fd, to_server, sizeof(server)));
	ready = (struct pollfd){ .fd = fd, .events = POLLOUT };
	poll(&ready, 1, 5000);
	errno = SENTINEL;
	show("established", connect(fd, to_server, sizeof(server)));
	other.sin_family = 99;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	show("EAFNOSUPPORT", connect(fd, (struct sockaddr *)&other, sizeof(other)));
	show("short address", connect(fd, to_server, 1));
	show("negative size", connect(fd, to_server, (socklen_t)-1));
	show("NULL address", connect(fd, NULL, sizeof(server)));
	show("bad address", connect(fd, (const struct sockaddr *)edge(0), sizeof(server)));
	show("EBADF", connect(-1, to_server, sizeof(server)));
	show("EBADF, no such", connect(NO_SUCH_FD, to_server, sizeof(server)));
	show("EBADF, far away", connect(LAST, to_server, sizeof(server)));
	show("ENOTSOCK", connect(end_of_pipe(), to_server, sizeof(server)));
	show("udp", connect(socket(AF_INET, SOCK_DGRAM, 0), to_server, sizeof(server)));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	show("unix, ENOENT", connect(fd, (struct sockaddr *)&nowhere, sizeof(nowhere)));
}

static void
probe_listen(void)
{
	struct sockaddr_in address, taken;
	int fd = bound(SOCK_STREAM, &address);

	show("success", listen(fd, 5));
	show("again", listen(fd, 7));
	show("unbound", listen(socket(AF_INET, SOCK_STREAM, 0), 5));
	show("negative backlog", listen(bound(SOCK_STREAM, &address), -1));
	listening(SOCK_STREAM, &taken);
	show("connected", listen(connected(&taken), 5));
	show("udp", listen(bound(SOCK_DGRAM, &address), 5));
	show("unix, unbound", listen(socket(AF_UNIX, SOCK_STREAM, 0), 5));
	show("EBADF", listen(-1, 5));
	show("EBADF, no such", listen(NO_SUCH_FD, 5));
	show("EBADF, far away", listen(LAST, 5));
	show("ENOTSOCK", listen(end_of_pipe(), 5));
}

/* accept(2) and accept4(2) in turns, which differ in the flags alone. */
static int
take(int with_flags, int fd, struct sockaddr *address, socklen_t *size)
{
	return with_flags ? accept4(fd, address, size, SOCK_NONBLOCK) : accept(fd, address, size);
}

static void
probe_accept(int with_flags)
{
	struct sockaddr_in address, other, peer = { 0 };
	struct sockaddr *to_peer = (struct sockaddr *)&peer;
	int fd = listening(SOCK_STREAM | SOCK_NONBLOCK, &address);
	socklen_t size = sizeof(peer);

	show("EAGAIN", take(with_flags, fd, to_peer, &size));
	show("NULL, EAGAIN", take(with_flags, fd, NULL, NULL));
	connected(&address);
	show("success", take(with_flags, fd, to_peer, &size));
	show("size", (int)size);
	show("family", peer.sin_family);
	connected(&address);
	show("NULL, NULL", take(with_flags, fd, NULL, NULL));
	connected(&address);
	size = 77;
	show("NULL, size", take(with_flags, fd, NULL, &size));
	show("size", (int)size);
	connected(&address);
	size = 2;
	show("short size", take(with_flags, fd, to_peer, &size));
	show("size", (int)size);
	connected(&address);
	show("no size", take(with_flags, fd, to_peer, NULL));
	connected(&address);
	size = (socklen_t)-1;
	show("negative size", take(with_flags, fd, to_peer, &size));
	connected(&address);
	size = sizeof(peer);
	show("bad address", take(with_flags, fd, (struct sockaddr *)(void *)edge(0), &size));
	connected(&address);
	show("unknown flags", accept4(fd, NULL, NULL, 0x100000));
	show("after it", take(with_flags, fd, NULL, NULL));
	show("not listening", take(with_flags, bound(SOCK_STREAM, &other), NULL, NULL));
	show("connected", take(with_flags, connected(&address), NULL, NULL));
	show("udp", take(with_flags, bound(SOCK_DGRAM, &other), NULL, NULL));
	show("EBADF", take(with_flags, -1, NULL, NULL));
	show("EBADF, no such", take(with_flags, NO_SUCH_FD, NULL, NULL));
	show("EBADF, far away", take(with_flags, LAST, NULL, NULL));
	show("ENOTSOCK", take(with_flags, end_of_pipe(), NULL, NULL));
}

static const struct {
	const char *name;
	int level, option;
} options[] = {
	{ "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE },
	{ "TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE },
	{ "TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL },
	{ "TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT },
	{ "TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT },
	{ "TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT },
	{ "TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT },
	{ "TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY },
	{ "SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR },
	{ "nothing", SOL_SOCKET, 9999 },
};

enum { OPTIONS = sizeof(options) / sizeof(*options) };

static void
set(const char *what, size_t i, int fd, const void *value, socklen_t size)
{
	char text[80];

	snprintf(text, sizeof(text), "%s, %s", options[i].name, what);
	errno = SENTINEL;
	show(text, setsockopt(fd, options[i].level, options[i].option, value, size));
}

static void
probe_values(int fd)
{
	static const int values[] = { 0, 1, 2, 127, 128, 255, 32767, 32768, 99999, INT32_MAX, -1,
		-5, INT32_MIN };
	char text[40];

	for (size_t i = 0; i < OPTIONS; i++) {
		for (size_t j = 0; j < sizeof(values) / sizeof(*values); j++) {
			snprintf(text, sizeof(text), "%d", values[j]);
			set(text, i, fd, &values[j], sizeof(values[j]));
		}
	}
}

static void
probe_sizes(int fd)
{
	static const int value[4] = { 20, 20, 20, 20 };
	static const socklen_t sizes[] = { 0, 1, 2, 3, 4, 5, 8, 16, 0x7fffffff, 0x80000000,
		0xffffffff };
	char text[40];

	for (size_t i = 0; i < OPTIONS; i++) {
		for (size_t j = 0; j < sizeof(sizes) / sizeof(*sizes); j++) {
			snprintf(text, sizeof(text), "size %d", (int)sizes[j]);
			set(text, i, fd, value, sizes[j]);
		}
	}
}

/* An int that can be read in full, in part, or not at all. */
static void
probe_pointers(int fd)
{
	char *whole = edge(sizeof(int));
	char *odd = edge(sizeof(int) + 3);
	const int value = 20;

	memcpy(whole, &value, sizeof(value));
	memcpy(odd, &value, sizeof(value));
	for (size_t i = 0; i < OPTIONS; i++) {
		set("NULL", i, fd, NULL, sizeof(int));
		set("NULL, size 0", i, fd, NULL, 0);
		set("1", i, fd, (const void *)1, sizeof(int));
		set("7", i, fd, (const void *)7, sizeof(int));
		set("-1", i, fd, (const void *)UINTPTR_MAX, sizeof(int));
		set("not canonical", i, fd, (const void *)(UINTPTR_MAX / 4), sizeof(int));
		set("in the kernel", i, fd, (const void *)(UINTPTR_MAX - 0xffff), sizeof(int));
		set("PROT_NONE", i, fd, edge(0), sizeof(int));
		for (size_t bytes = 1; bytes < sizeof(int); bytes++)
			set("PROT_NONE within", i, fd, edge(bytes), sizeof(int));
		set("PROT_NONE behind", i, fd, whole, sizeof(int));
		set("unaligned", i, fd, odd, sizeof(int));
	}
}

static void
probe_descriptors(void)
{
	const int value = 20;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		return;
	for (size_t i = 0; i < OPTIONS; i++) {
		set("tcp", i, socket(AF_INET, SOCK_STREAM, 0), &value, sizeof(value));
		set("EBADF", i, -1, &value, sizeof(value));
		set("EBADF, no such", i, NO_SUCH_FD, &value, sizeof(value));
		set("EBADF, far away", i, LAST, &value, sizeof(value));
		set("ENOTSOCK", i, end_of_pipe(), &value, sizeof(value));
		set("udp", i, socket(AF_INET, SOCK_DGRAM, 0), &value, sizeof(value));
		set("unix", i, socket(AF_UNIX, SOCK_STREAM, 0), &value, sizeof(value));
		set("unix pair", i, pair[0], &value, sizeof(value));
	}
}

static int
probe(const char *topic)
{
	struct sockaddr_in address;

	if (strcmp(topic, "socket") == 0)
		probe_socket();
	else if (strcmp(topic, "connect") == 0)
		probe_connect();
	else if (strcmp(topic, "listen") == 0)
		probe_listen();
	else if (strcmp(topic, "accept") == 0)
		probe_accept(0);
	else if (strcmp(topic, "accept4") == 0)
		probe_accept(1);
	else if (strcmp(topic, "values") == 0)
		probe_values(socket(AF_INET, SOCK_STREAM, 0));
	else if (strcmp(topic, "values6") == 0)
		probe_values(socket(AF_INET6, SOCK_STREAM, 0));
	else if (strcmp(topic, "values_connected") == 0)
		probe_values((listening(SOCK_STREAM, &address), connected(&address)));
	else if (strcmp(topic, "values_mptcp") == 0)
		probe_values(socket(AF_INET, SOCK_STREAM, 262));
	else if (strcmp(topic, "sizes") == 0)
		probe_sizes(socket(AF_INET, SOCK_STREAM, 0));
	else if (strcmp(topic, "pointers") == 0)
		probe_pointers(socket(AF_INET, SOCK_STREAM, 0));
	else if (strcmp(topic, "descriptors") == 0)
		probe_descriptors();
	else
		return 2;
	return 0;
}

int
main(int argc, char **argv)
{
	errno = SENTINEL;
	if (argc == 2 && probe(argv[1]) == 0)
		return 0;
	fputs("usage: errno_probe TOPIC\n", stderr);
	return 2;
}
