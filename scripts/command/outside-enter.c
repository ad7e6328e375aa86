/* SPDX-License-Identifier: MIT */
#include "outside-enter.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include "kernel.h"

static bool
is_same(int one, int other)
{
	struct stat first, second;

	return fstat(one, &first) == 0 && fstat(other, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* None that a libkashim which is loaded into every program of the host puts a policy on. */
static int
make_socket(int family, int type, int protocol)
{
	return kernel_socket(family, type | SOCK_CLOEXEC, protocol);
}

int
enter_socket(int directory, int family, int type, int protocol)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int there = openat(directory, "ns/net", O_RDONLY | O_CLOEXEC);
	int fd = -1;

	if (here != -1 && there != -1 && is_same(here, there)) {
		fd = make_socket(family, type, protocol);
	} else if (here != -1 && there != -1 && setns(there, CLONE_NEWNET) == 0) {
		fd = make_socket(family, type, protocol);
		if (setns(here, CLONE_NEWNET) == -1) {
			perror("kashim: cannot return to the network namespace");
			exit(EXIT_FAILURE);
		}
	}
	if (here != -1)
		close(here);
	if (there != -1)
		close(there);
	return fd;
}

uint64_t
enter_cookie(int fd)
{
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == -1)
		return 0;
	return cookie;
}
