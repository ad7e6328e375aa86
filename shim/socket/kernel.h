/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_KERNEL_H
#define KASHIM_KERNEL_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/syscall.h>

/*
 * The shim's own system calls, by syscall(2) instead of libc's function for each. So none of them
 * is a cancellation point: no thread ends in the middle of our work. No other preloaded library
 * takes them for the program's. And the loader looks up one name instead of forty, at every start
 * of a program, which is a third of a microsecond each.
 *
 * All return what the manual says of section 2, -1 with errno on failure.
 */

/* Of the same number everywhere, but not in all headers: Linux 5.9. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* On 32-bit machines musl says which of the two it is, the one with a time of 32 bits. */
#ifndef SYS_clock_gettime
#define SYS_clock_gettime SYS_clock_gettime32
#endif

/* What the kernel calls a timespec, a timeval: two longs, whatever libc's time_t is. */
struct kernel_time {
	long seconds, fraction;
};

static inline int
kernel_open(const char *path, int flags, int mode)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static inline int
kernel_close(int fd)
{
	return (int)syscall(SYS_close, fd);
}

static inline ssize_t
kernel_read(int fd, void *buffer, size_t size)
{
	return (ssize_t)syscall(SYS_read, fd, buffer, size);
}

static inline long
kernel_seek(int fd, long offset, int whence)
{
	return syscall(SYS_lseek, fd, offset, whence);
}

static inline ssize_t
kernel_pread(int fd, void *buffer, size_t size, size_t offset)
{
	long at = (long)offset;

#ifdef __LP64__
	return (ssize_t)syscall(SYS_pread64, fd, buffer, size, at);
#else
	/* Where a position is two words, and on some machines not in every pair of registers. */
	return kernel_seek(fd, at, SEEK_SET) == -1 ? -1 : kernel_read(fd, buffer, size);
#endif
}

static inline ssize_t
kernel_write(int fd, const void *bytes, size_t size)
{
	return (ssize_t)syscall(SYS_write, fd, bytes, size);
}

static inline int
kernel_fcntl(int fd, int command, int argument)
{
	return (int)syscall(SYS_fcntl, fd, command, argument);
}

static inline int
kernel_dup3(int fd, int copy, int flags)
{
	return (int)syscall(SYS_dup3, fd, copy, flags);
}

/* Not every architecture has poll(2). */
static inline int
kernel_poll(struct pollfd *ask, unsigned count, int milliseconds)
{
#ifdef SYS_poll
	return (int)syscall(SYS_poll, ask, count, milliseconds);
#else
	struct kernel_time time = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

	return (int)syscall(SYS_ppoll, ask, count, &time, NULL, 0);
#endif
}

/*
 * Calls for sockets. i386 and s390x have had one for all of them, socketcall(2), and each by itself only
 * since Linux 4.3. The numbers are those of linux/net.h.
 */
enum kernel_socket_call {
	SOCKETCALL_SOCKET = 1,
	SOCKETCALL_CONNECT = 3,
	SOCKETCALL_LISTEN = 4,
	SOCKETCALL_GETSOCKNAME = 6,
	SOCKETCALL_GETPEERNAME = 7,
	SOCKETCALL_SENDTO = 11,
	SOCKETCALL_SETSOCKOPT = 14,
	SOCKETCALL_GETSOCKOPT = 15,
	SOCKETCALL_ACCEPT4 = 18,
};

/* With up to six arguments; those that a call has not are 0. */
static inline long
kernel_socket_call(long call, enum kernel_socket_call in_one, const long arguments[6])
{
	long result = syscall(call, arguments[0], arguments[1], arguments[2], arguments[3],
	    arguments[4], arguments[5]);

#ifdef SYS_socketcall
	if (result == -1 && errno == ENOSYS)
		result = syscall(SYS_socketcall, (long)in_one, arguments);
#else
	(void)in_one;
#endif
	return result;
}

static inline int
kernel_socket(int family, int type, int protocol)
{
	const long arguments[6] = { family, type, protocol };

	return (int)kernel_socket_call(SYS_socket, SOCKETCALL_SOCKET, arguments);
}

static inline int
kernel_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	const long arguments[6] = { fd, level, name, (long)value, (long)size };

	return (int)kernel_socket_call(SYS_getsockopt, SOCKETCALL_GETSOCKOPT, arguments);
}

static inline long
kernel_clock(void)
{
	struct kernel_time now = { 0 };

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
	return now.seconds * 1000 + now.fraction / 1000000;
}

/* Signals as the kernel has them: libc's sets are larger, and leave out those that it uses. */
struct kernel_signals {
	unsigned long word[_NSIG / 8 / sizeof(unsigned long)];
};

static inline void
kernel_signals_add(struct kernel_signals *signals, int signal)
{
	enum { BITS = 8 * sizeof(unsigned long) };

	signals->word[(signal - 1) / BITS] |= 1UL << (signal - 1) % BITS;
}

static inline bool
kernel_signals_have(const struct kernel_signals *signals, int signal)
{
	enum { BITS = 8 * sizeof(unsigned long) };

	return (signals->word[(signal - 1) / BITS] & 1UL << (signal - 1) % BITS) != 0;
}

/* `how` as for sigprocmask(2). Of the calling thread. */
static inline int
kernel_sigmask(int how, const struct kernel_signals *signals, struct kernel_signals *before)
{
	return (int)syscall(SYS_rt_sigprocmask, how, signals, before, sizeof(*signals));
}

#endif
