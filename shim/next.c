/* SPDX-License-Identifier: MIT */
#include "next.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "kernel.h"
#include "object.h"

int
next_raw_socket(int family, int type, int protocol)
{
	return kernel_socket(family, type, protocol);
}

int
next_raw_connect(int fd, const struct sockaddr *address, socklen_t size)
{
	const long arguments[6] = { fd, (long)address, (long)size };

	return (int)kernel_socket_call(SYS_connect, SOCKETCALL_CONNECT, arguments);
}

int
next_raw_listen(int fd, int backlog)
{
	const long arguments[6] = { fd, backlog };

	return (int)kernel_socket_call(SYS_listen, SOCKETCALL_LISTEN, arguments);
}

int
next_raw_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
	const long arguments[6] = { fd, (long)address, (long)size, flags };

	return (int)kernel_socket_call(SYS_accept4, SOCKETCALL_ACCEPT4, arguments);
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
	const long arguments[6] = { fd, level, name, (long)value, (long)size };

	return (int)kernel_socket_call(SYS_setsockopt, SOCKETCALL_SETSOCKOPT, arguments);
}

int
next_raw_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	return kernel_getsockopt(fd, level, name, value, size);
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

int
next_raw_prctl(int request, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return (int)syscall(SYS_prctl, (long)request, a, b, c, d);
}

/* Where each of them goes. Without pointers, which the loader would have to relocate at each start. */
static const struct {
	char name[sizeof("__setsockopt64")];
	unsigned char place;
} wanted[] = {
	{ "socket", offsetof(struct next, socket) },
	{ "connect", offsetof(struct next, connect) },
	{ "listen", offsetof(struct next, listen) },
	{ "accept", offsetof(struct next, accept) },
	{ "accept4", offsetof(struct next, accept4) },
	{ "setsockopt", offsetof(struct next, setsockopt) },
	{ "getsockopt", offsetof(struct next, getsockopt) },
#if __SIZEOF_POINTER__ == 4
	{ "__setsockopt64", offsetof(struct next, setsockopt64) },
#endif
	{ "close", offsetof(struct next, close) },
	{ "dup2", offsetof(struct next, dup2) },
	{ "dup3", offsetof(struct next, dup3) },
	{ "prctl", offsetof(struct next, prctl) },
};
enum { WANTED = sizeof(wanted) / sizeof(*wanted), ALL = (1U << WANTED) - 1 };

struct search {
	struct next *next;
	unsigned found; /* 1 << row */
	bool is_behind; /* our own library was passed */
};

/*
 * Data and function pointers are of one size wherever there is dlsym(3); ISO C alone does not know
 * it.
 */
static void
look_into(struct search *search, const struct object *object)
{
	for (unsigned i = 0; i < WANTED; i++) {
		void *function;

		if ((search->found & 1U << i) != 0)
			continue;
		function = object_find(object, wanted[i].name);
		if (function == NULL)
			continue;
		memcpy((char *)search->next + wanted[i].place, &function, sizeof(function));
		search->found |= 1U << i;
	}
}

/* Of objects in the order in which they were loaded; `passed` tells that our own one was among them. */
static bool
lies_behind(const struct object *object, bool *passed)
{
	bool lies = *passed;

	*passed = lies || object_holds(object, wanted);
	return lies;
}

/* For dl_iterate_phdr(3): until all is found. */
static int
look_behind(struct dl_phdr_info *info, size_t size, void *data)
{
	struct object object = object_of(info);
	struct search *search = data;

	(void)size;
	if (!lies_behind(&object, &search->is_behind))
		return 0;
	object_read(&object);
	look_into(search, &object);
	return search->found == ALL;
}

/* The same for libc, wherever it is. */
static int
look_into_libc(struct dl_phdr_info *info, size_t size, void *data)
{
	struct object object = object_of(info);
	struct search *search = data;

	(void)size;
	object_read(&object);
	if (object_find(&object, "__errno_location") != NULL)
		look_into(search, &object);
	return search->found == ALL;
}

void
next_find(struct next *next)
{
	struct search search = { .next = next };

	/* A library that was loaded late, by dlopen(3), may have nothing behind it. */
	if (dl_iterate_phdr(look_behind, &search) == 0)
		dl_iterate_phdr(look_into_libc, &search);
}

struct named {
	const char *name;
	void *function;
	bool is_behind;
};

static int
look_for(struct dl_phdr_info *info, size_t size, void *data)
{
	struct object object = object_of(info);
	struct named *named = data;

	(void)size;
	if (!lies_behind(&object, &named->is_behind))
		return 0;
	object_read(&object);
	named->function = object_find(&object, named->name);
	return named->function != NULL;
}

void *
next_named(const char *name)
{
	struct named named = { .name = name };

	dl_iterate_phdr(look_for, &named);
	return named.function;
}

static int
keep_name(struct dl_phdr_info *info, size_t size, void *data)
{
	const struct object object = object_of(info);
	const char **name = data;

	(void)size;
	if (!object_holds(&object, wanted))
		return 0;
	*name = info->dlpi_name;
	return 1;
}

const char *
next_own_path(void)
{
	const char *name = "";

	dl_iterate_phdr(keep_name, &name);
	return name;
}
