/* SPDX-License-Identifier: MIT */
#include "outside-enter.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/stat.h>

static bool
is_same(int one, int other)
{
	struct stat first, second;

	return fstat(one, &first) == 0 && fstat(other, &second) == 0 &&
	       first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

bool
enter_netns(int directory, enter_work *work, void *context)
{
	int here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int there = openat(directory, "ns/net", O_RDONLY | O_CLOEXEC);
	bool entered = false;

	if (here != -1 && there != -1 && is_same(here, there)) {
		work(context);
		entered = true;
	} else if (here != -1 && there != -1 && setns(there, CLONE_NEWNET) == 0) {
		work(context);
		entered = true;
		if (setns(here, CLONE_NEWNET) == -1) {
			perror("kashim: cannot return to the network namespace");
			exit(EXIT_FAILURE);
		}
	}
	if (here != -1)
		close(here);
	if (there != -1)
		close(there);
	return entered;
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
