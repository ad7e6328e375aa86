/* SPDX-License-Identifier: MIT */
/*
 * sockopts [--others] PID: the TCP sockets of a running process, one a line, with what the kernel
 * says of them; or the others, and whether their SO_KEEPALIVE is on. It looks from outside, through
 * a copy of each descriptor, so that neither the program nor the shim in it is asked. Shares no
 * code with kashim. Exit status: 0, 1 when the process cannot be looked at.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/syscall.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

enum { UNKNOWN = -1 };

static const char *const states[] = {
	[TCP_ESTABLISHED] = "established",
	[TCP_SYN_SENT] = "syn_sent",
	[TCP_SYN_RECV] = "syn_recv",
	[TCP_FIN_WAIT1] = "fin_wait1",
	[TCP_FIN_WAIT2] = "fin_wait2",
	[TCP_TIME_WAIT] = "time_wait",
	[TCP_CLOSE] = "close",
	[TCP_CLOSE_WAIT] = "close_wait",
	[TCP_LAST_ACK] = "last_ack",
	[TCP_LISTEN] = "listen",
	[TCP_CLOSING] = "closing",
};

static int
option(int fd, int level, int name)
{
	int value = UNKNOWN;
	socklen_t size = sizeof(value);

	return getsockopt(fd, level, name, &value, &size) == 0 ? value : UNKNOWN;
}

static const char *
state_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == -1)
		return "?";
	if (info.tcpi_state >= sizeof(states) / sizeof(*states) || states[info.tcpi_state] == NULL)
		return "?";
	return states[info.tcpi_state];
}

static void
print_option(const char *key, int value)
{
	if (value == UNKNOWN)
		printf(" %s=?", key);
	else
		printf(" %s=%d", key, value);
}

static void
print_address(const char *key, const struct sockaddr_storage *address, int result)
{
	char text[INET6_ADDRSTRLEN] = "?";

	if (result == -1) {
		printf(" %s=-", key);
	} else if (address->ss_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, address, sizeof(in6));
		inet_ntop(AF_INET6, &in6.sin6_addr, text, sizeof(text));
		printf(" %s=[%s]:%d", key, text, ntohs(in6.sin6_port));
	} else {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		inet_ntop(AF_INET, &in.sin_addr, text, sizeof(text));
		printf(" %s=%s:%d", key, text, ntohs(in.sin_port));
	}
}

static bool
is_tcp(int fd)
{
	int protocol = option(fd, SOL_SOCKET, SO_PROTOCOL);

	return option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM &&
	       (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

static void
print_tcp(int fd, int copy)
{
	struct sockaddr_storage local = { 0 }, peer = { 0 };
	socklen_t size = sizeof(local);
	int result;

	printf("fd=%d family=%s protocol=%s state=%s", fd,
	    option(copy, SOL_SOCKET, SO_DOMAIN) == AF_INET6 ? "inet6" : "inet",
	    option(copy, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_MPTCP ? "mptcp" : "tcp",
	    state_of(copy));
	result = getsockname(copy, (struct sockaddr *)&local, &size);
	print_address("local", &local, result);
	size = sizeof(peer);
	result = getpeername(copy, (struct sockaddr *)&peer, &size);
	print_address("peer", &peer, result);
	print_option("keepalive", option(copy, SOL_SOCKET, SO_KEEPALIVE));
	print_option("idle", option(copy, IPPROTO_TCP, TCP_KEEPIDLE));
	print_option("interval", option(copy, IPPROTO_TCP, TCP_KEEPINTVL));
	print_option("count", option(copy, IPPROTO_TCP, TCP_KEEPCNT));
	print_option("user_timeout", option(copy, IPPROTO_TCP, TCP_USER_TIMEOUT));
	print_option("nodelay", option(copy, IPPROTO_TCP, TCP_NODELAY));
	putchar('\n');
}

static void
print_other(int fd, int copy)
{
	printf("fd=%d", fd);
	print_option("family", option(copy, SOL_SOCKET, SO_DOMAIN));
	print_option("type", option(copy, SOL_SOCKET, SO_TYPE));
	print_option("keepalive", option(copy, SOL_SOCKET, SO_KEEPALIVE));
	putchar('\n');
}

/* A descriptor that was closed meanwhile is none; one that may not be seen is an error. */
static int
look(int pidfd, int fd, bool others)
{
	int copy = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0U);

	if (copy == -1)
		return errno == EBADF ? 0 : -1;
	if (is_tcp(copy) != others)
		(others ? print_other : print_tcp)(fd, copy);
	close(copy);
	return 0;
}

static int
number(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

static int
fail(const char *process)
{
	fprintf(stderr, "sockopts: %s: %s\n", process, strerror(errno));
	return 1;
}

int
main(int argc, char **argv)
{
	bool others = argc == 3 && strcmp(argv[1], "--others") == 0;
	const char *process = argv[argc - 1];
	char path[64];
	struct dirent *entry;
	DIR *directory;
	int pidfd;

	if (argc != (others ? 3 : 2)) {
		fputs("usage: sockopts [--others] PID\n", stderr);
		return 2;
	}
	pidfd = (int)syscall(SYS_pidfd_open, (pid_t)number(process), 0U);
	snprintf(path, sizeof(path), "/proc/%d/fd", number(process));
	directory = pidfd == -1 ? NULL : opendir(path);
	if (directory == NULL)
		return fail(process);
	while ((entry = readdir(directory)) != NULL) {
		char target[16] = "";

		if (readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1) == -1)
			continue;
		if (strncmp(target, "socket:", 7) == 0 &&
		    look(pidfd, number(entry->d_name), others) == -1)
			return fail(process);
	}
	closedir(directory);
	close(pidfd);
	return 0;
}
