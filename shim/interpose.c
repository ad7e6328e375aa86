/* SPDX-License-Identifier: MIT */
/*
 * The only door into a program: every function that libkashim.so defines over libc's. libkashim.map
 * has the same names.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "adopt.h"
#include "apply.h"
#include "connection.h"
#include "decide.h"
#include "in_flight.h"
#include "inline.h"
#include "load.h"
#include "override.h"
#include "report.h"
#include "tcp.h"

#define EXPORT __attribute__((visibility("default")))

/*
 * A TCP socket is made, and gets its options. A broken policy leaves it alone, too, but not in
 * silence.
 */
COLD static int
make_tcp(int family, int type, int protocol, const struct loaded *loaded)
{
	int fd = loaded->next.socket(family, type, protocol);
	bool has_late_options =
	    protocol == IPPROTO_MPTCP && loaded->settings.value[OPTION_USER_TIMEOUT] != VALUE_UNSET;
	int saved = errno;

	if (fd == -1)
		return fd;
	if (load_waits(loaded) || loaded->settings.mode == MODE_SUGGEST)
		decide_learn_defaults(fd);
	if (load_waits(loaded))
		record_new(fd);
	apply(fd, &loaded->settings, loaded->next.setsockopt);
	load_remember(loaded, fd, DIRECTION_CONNECT);
	if (!load_is_off(loaded))
		mark_put(fd, has_late_options ? MARK_LATE : MARK_TCP);
	report_socket(fd, loaded, 0, false);
	errno = saved;
	return fd;
}

EXPORT int
socket(int family, int type, int protocol)
{
	const struct loaded *loaded = load();
	int fd;

	if (tcp_is_request(family, type, protocol))
		return make_tcp(family, type, protocol, loaded);
	fd = loaded->next.socket(family, type, protocol);
	mark_put(fd, tcp_is_internet(family) ? MARK_OTHER : MARK_LOCAL);
	return fd;
}

EXPORT int
connect(int fd, const struct sockaddr *address, socklen_t size)
{
	const struct loaded *loaded = load();
	enum mark mark = mark_of(fd);
	int result;

	if (!loaded->is_plain)
		return connection_connect(loaded, fd, address, size, mark);
	result = loaded->next.connect(fd, address, size);
	if (mark <= MARK_LOCAL && connection_goes_on(result, address))
		connection_begun(loaded, fd, address, size);
	else if (mark >= MARK_TCP && in_flight_is_wanted(loaded))
		in_flight_connect(loaded, fd, result);
	return result;
}

/* The other name that glibc has for it. */
EXPORT int __connect(int fd, const struct sockaddr *address, socklen_t size)
    __attribute__((alias("connect")));

EXPORT int
listen(int fd, int backlog)
{
	const struct loaded *loaded = load();
	enum mark mark = mark_of(fd);
	int saved = errno;
	int result;

	if (mark >= MARK_TCP) {
		apply_listener(fd, &loaded->settings, loaded->next.setsockopt);
		in_flight_set(loaded, fd, false);
	}
	errno = saved;
	result = loaded->next.listen(fd, backlog);
	if (result == 0 && mark == MARK_UNKNOWN && !load_is_off(loaded)) {
		adopt_listener(loaded, fd, false);
		errno = saved;
	}
	return result;
}

/* A connection has what its listener had before it listened: the kernel passes that on. */
INLINE bool
is_complete(const struct loaded *loaded, enum mark mark)
{
	return mark == MARK_LOCAL || mark == MARK_OTHER || (mark == MARK_TCP && loaded->is_plain);
}

EXPORT int
accept(int listener, struct sockaddr *address, socklen_t *size)
{
	const struct loaded *loaded = load();
	enum mark mark = mark_of(listener);
	int fd = loaded->next.accept(listener, address, size);

	if (fd != -1 && !is_complete(loaded, mark))
		connection_accepted(loaded, fd, listener, mark, address, size);
	return fd;
}

EXPORT int
accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
	const struct loaded *loaded = load();
	enum mark mark = mark_of(listener);
	int fd = loaded->next.accept4(listener, address, size, flags);

	if (fd != -1 && !is_complete(loaded, mark))
		connection_accepted(loaded, fd, listener, mark, address, size);
	return fd;
}

EXPORT int
setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	const struct loaded *loaded = load();
	enum option_id option = override_option(level, name);

	if (option == OPTION_COUNT || load_is_off(loaded))
		return loaded->next.setsockopt(fd, level, name, value, size);
	return override_setsockopt(loaded, fd, option, value, size);
}

#if __SIZEOF_POINTER__ == 4
/*
 * What a program calls that was built for 64-bit time on a 32-bit machine, as all of Debian 13's are on
 * armhf: libc turns the options that have a time in them. The policy has none.
 */
EXPORT int __setsockopt64(int fd, int level, int name, const void *value, socklen_t size);

EXPORT int
__setsockopt64(int fd, int level, int name, const void *value, socklen_t size)
{
	const struct loaded *loaded = load();
	enum option_id option = override_option(level, name);

	if (option == OPTION_COUNT || load_is_off(loaded))
		return loaded->next.setsockopt64(fd, level, name, value, size);
	return override_setsockopt(loaded, fd, option, value, size);
}
#endif

/* Programs ask so how a connect(2) went that they did not wait for. */
EXPORT int
getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	const struct loaded *loaded = load();
	int result = loaded->next.getsockopt(fd, level, name, value, size);

	if (name == SO_ERROR && level == SOL_SOCKET && mark_of(fd) == MARK_CONNECTING)
		in_flight_checked(loaded, fd);
	return result;
}

/* The next descriptor with this number is another one. */
EXPORT int
close(int fd)
{
	const struct loaded *loaded = load();

	mark_put(fd, MARK_UNKNOWN);
	return loaded->next.close(fd);
}

EXPORT int
dup2(int fd, int copy)
{
	const struct loaded *loaded = load();
	int result = loaded->next.dup2(fd, copy);

	if (result != -1)
		mark_put(copy, mark_of(fd));
	return result;
}

EXPORT int
dup3(int fd, int copy, int flags)
{
	const struct loaded *loaded = load();
	int result = loaded->next.dup3(fd, copy, flags);

	if (result != -1)
		mark_put(copy, mark_of(fd));
	return result;
}

/*
 * A program that puts a seccomp filter on itself allows its own calls, and may be killed for ours: no
 * socket is touched any more. Without a filter it only tries out whether the kernel knows them.
 */
EXPORT int prctl(int request, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

EXPORT int
prctl(int request, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	enum { SET_SECCOMP = 22, WITH_FILTER = 2 }; /* linux/prctl.h, linux/seccomp.h */
	const struct loaded *loaded = load();

	if (request == SET_SECCOMP && a == WITH_FILTER && b != 0)
		load_leave_alone(loaded);
	return loaded->next.prctl(request, a, b, c, d);
}

/* libseccomp's way to do the same: it makes the system call without prctl(2). */
EXPORT int seccomp_load(const void *context);

EXPORT int
seccomp_load(const void *context)
{
	int (*next)(const void *) = NULL;
	void *function = next_named("seccomp_load");

	memcpy(&next, &function, sizeof(next));
	if (next == NULL)
		return -ENOSYS;
	load_leave_alone(load());
	return next(context);
}
