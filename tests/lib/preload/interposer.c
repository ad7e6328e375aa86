/* SPDX-License-Identifier: MIT */
/*
 * A library for LD_PRELOAD, or a part of a program: its socket() calls the next one, and sets
 * TCP_NODELAY, which can be seen from outside. With -DMALLOC there is a malloc(), too, that opens
 * TCP sockets, of which the first ones stay. With -DOLDER there is an older version of socket(),
 * too, which makes none; with -DCHOSEN the symbol is one that chooses its function (IFUNC).
 */
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

#if defined(OLDER)
int older(int family, int type, int protocol);
int newer(int family, int type, int protocol);
__asm__(".symver older, socket@OLDER_1\n.symver newer, socket@@OLDER_2");

int
older(int family, int type, int protocol)
{
	(void)family, (void)type, (void)protocol;
	errno = EPERM;
	return -1;
}
#elif defined(CHOSEN)
static int chosen(int family, int type, int protocol);

static void *
choose(void)
{
	return (void *)chosen;
}

int socket(int family, int type, int protocol) __attribute__((ifunc("choose")));
#endif

#ifdef CHOSEN
static int
chosen(int family, int type, int protocol)
#elif defined(OLDER)
int
newer(int family, int type, int protocol)
#else
int
socket(int family, int type, int protocol)
#endif
{
	const int on = 1;
	int (*next)(int, int, int);
	void *found = dlsym(RTLD_NEXT, "socket");
	int saved, fd;

	memcpy(&next, &found, sizeof(next));
	fd = next(family, type, protocol);
	saved = errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	errno = saved;
	return fd;
}

#ifdef MALLOC
enum { KEPT = 2 };

void *__libc_malloc(size_t size);

void *
malloc(size_t size)
{
	static _Thread_local int inside;
	static int kept;
	int saved = errno;

	if (inside++ == 0) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		if (kept < KEPT)
			kept++;
		else
			close(fd);
	}
	inside--;
	errno = saved;
	return __libc_malloc(size);
}

/* As an allocator does that looks around early. */
__attribute__((constructor)) static void
construct(void)
{
	void *volatile block = malloc(1);

	(void)block;
}
#endif
