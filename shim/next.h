/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_NEXT_H
#define KASHIM_NEXT_H

#include <sys/socket.h>

/*
 * The definitions behind ours: of another preloaded library, or of libc. Calling these keeps other
 * libraries working and keeps the cancellation points that libc has.
 */
struct next {
	int (*socket)(int, int, int);
	int (*connect)(int, const struct sockaddr *, socklen_t);
	int (*listen)(int, int);
	int (*accept)(int, struct sockaddr *, socklen_t *);
	int (*accept4)(int, struct sockaddr *, socklen_t *, int);
	int (*setsockopt)(int, int, int, const void *, socklen_t);
	int (*getsockopt)(int, int, int, void *, socklen_t *);
#if __SIZEOF_POINTER__ == 4
	int (*setsockopt64)(int, int, int, const void *, socklen_t);
#endif
	int (*close)(int);
	int (*dup2)(int, int);
	int (*dup3)(int, int, int);
	int (*prctl)(int, unsigned long, unsigned long, unsigned long, unsigned long);
};

/*
 * Find all of them, as dlsym(3) with RTLD_NEXT does: in what was loaded behind our own library. That
 * function is not called, since its version in glibc is too new for most programs that run:
 * GLIBC_2.34. What is not found stays as it is: the system call itself.
 */
void next_find(struct next *next);

/* The function of this name in what was loaded behind our own library, or NULL. */
void *next_named(const char *name);

/* Where ld.so(8) found our own library; "" where it does not say. */
const char *next_own_path(void);

/* The system calls themselves, for the time before anything was found. */
int next_raw_socket(int family, int type, int protocol);
int next_raw_connect(int fd, const struct sockaddr *address, socklen_t size);
int next_raw_listen(int fd, int backlog);
int next_raw_accept(int fd, struct sockaddr *address, socklen_t *size);
int next_raw_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
int next_raw_setsockopt(int fd, int level, int name, const void *value, socklen_t size);
int next_raw_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int next_raw_close(int fd);
int next_raw_dup2(int fd, int copy);
int next_raw_dup3(int fd, int copy, int flags);
int next_raw_prctl(int request, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

#if __SIZEOF_POINTER__ == 4
#define NEXT_RAW_TIME64 .setsockopt64 = next_raw_setsockopt,
#else
#define NEXT_RAW_TIME64
#endif

#define NEXT_RAW \
	{ \
		.socket = next_raw_socket, .connect = next_raw_connect, .listen = next_raw_listen, \
		.accept = next_raw_accept, .accept4 = next_raw_accept4, \
		.setsockopt = next_raw_setsockopt, .getsockopt = next_raw_getsockopt, \
		.close = next_raw_close, .dup2 = next_raw_dup2, .dup3 = next_raw_dup3, \
		.prctl = next_raw_prctl, NEXT_RAW_TIME64 \
	}

#endif
