/* SPDX-License-Identifier: MIT */
#include "next.h"

#include <dlfcn.h>
#include <string.h>

#include "kernel.h"

int
next_raw_socket(int family, int type, int protocol)
{
	return (int)syscall(SYS_socket, family, type, protocol);
}

int
next_raw_connect(int fd, const struct sockaddr *address, socklen_t size)
{
	return (int)syscall(SYS_connect, fd, address, size);
}

int
next_raw_listen(int fd, int backlog)
{
	return (int)syscall(SYS_listen, fd, backlog);
}

int
next_raw_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
	return (int)syscall(SYS_accept4, fd, address, size, flags);
}

/* Not every architecture has accept(2). */
int
next_raw_accept(int fd, struct sockaddr *address, socklen_t *size)
{
	return next_raw_accept4(fd, address, size, 0);
}

int
next_raw_setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	return (int)syscall(SYS_setsockopt, fd, level, name, value, size);
}

int
next_raw_close(int fd)
{
	return kernel_close(fd);
}

int
next_raw_dup3(int fd, int copy, int flags)
{
	return kernel_dup3(fd, copy, flags);
}

/* Not every architecture has dup2(2), which takes two equal numbers where dup3(2) does not. */
int
next_raw_dup2(int fd, int copy)
{
	if (fd == copy)
		return kernel_fcntl(fd, F_GETFD, 0) == -1 ? -1 : fd;
	return next_raw_dup3(fd, copy, 0);
}

ssize_t
next_raw_recvmsg(int fd, struct msghdr *message, int flags)
{
	return (ssize_t)syscall(SYS_recvmsg, fd, message, flags);
}

int
next_raw_recvmmsg(
    int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
	return (int)syscall(SYS_recvmmsg, fd, messages, count, flags, timeout);
}

/*
 * Data and function pointers are of one size wherever dlsym(3) exists; ISO C alone does not know
 * it.
 */
static void
find(const char *name, void *function)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found != NULL)
		memcpy(function, &found, sizeof(found));
}

void
next_find(struct next *next)
{
	find("socket", &next->socket);
	find("connect", &next->connect);
	find("listen", &next->listen);
	find("accept", &next->accept);
	find("accept4", &next->accept4);
	find("setsockopt", &next->setsockopt);
	find("close", &next->close);
	find("dup2", &next->dup2);
	find("dup3", &next->dup3);
	find("recvmsg", &next->recvmsg);
	find("recvmmsg", &next->recvmmsg);
}
