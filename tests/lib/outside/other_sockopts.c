/* SPDX-License-Identifier: MIT */
/*
 * other_sockopts PID: the sockets of a running process that are not TCP, one a line, and whether
 * their SO_KEEPALIVE is on. Like sockopts, it looks from outside and shares no code with kashim.
 * Exit status: 0, 1 when the process cannot be looked at.
 */
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
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

static int
option(int fd, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

static const char *
family_of(int fd)
{
	switch (option(fd, SO_DOMAIN)) {
	case AF_INET:
		return "inet";
	case AF_INET6:
		return "inet6";
	case AF_UNIX:
		return "unix";
	default:
		return "other";
	}
}

static const char *
type_of(int fd)
{
	switch (option(fd, SO_TYPE)) {
	case SOCK_STREAM:
		return "stream";
	case SOCK_DGRAM:
		return "dgram";
	default:
		return "other";
	}
}

static void
print_socket(int number, int fd)
{
	int protocol = option(fd, SO_PROTOCOL);

	if (option(fd, SO_TYPE) == SOCK_STREAM &&
	    (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP))
		return;
	printf("fd=%d family=%s type=%s keepalive=%d\n", number, family_of(fd), type_of(fd),
	    option(fd, SO_KEEPALIVE));
}

static int
number_of(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

static int
fail(const char *process)
{
	fprintf(stderr, "other_sockopts: %s: %s\n", process, strerror(errno));
	return 1;
}

int
main(int argc, char **argv)
{
	char path[64];
	struct dirent *entry;
	DIR *directory;
	int pidfd;

	if (argc != 2) {
		fputs("usage: other_sockopts PID\n", stderr);
		return 2;
	}
	pidfd = (int)syscall(SYS_pidfd_open, (pid_t)number_of(argv[1]), 0U);
	snprintf(path, sizeof(path), "/proc/%d/fd", number_of(argv[1]));
	directory = pidfd == -1 ? NULL : opendir(path);
	if (directory == NULL)
		return fail(argv[1]);
	while ((entry = readdir(directory)) != NULL) {
		char target[16] = "";
		int number = number_of(entry->d_name), fd;

		if (readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1) == -1 ||
		    strncmp(target, "socket:", 7) != 0)
			continue;
		fd = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0U);
		if (fd == -1)
			return fail(argv[1]);
		print_socket(number, fd);
		close(fd);
	}
	closedir(directory);
	close(pidfd);
	return 0;
}
