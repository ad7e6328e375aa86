/* SPDX-License-Identifier: MIT */
/*
 * The only door into a program: every function that libkashim.so defines over libc's. libkashim.map
 * has the same names.
 */
#include <errno.h>

#include "adopt.h"
#include "apply.h"
#include "force.h"
#include "load.h"
#include "report.h"

#define EXPORT __attribute__((visibility("default")))

static bool
is_off(const struct loaded *loaded)
{
	return loaded->settings.mode == MODE_OFF;
}

/* A TCP socket that was just made. Under a policy that is broken it is left alone, too, but not in
 * silence. */
static void
welcome(int fd, const struct loaded *loaded)
{
	int saved = errno;

	if (!is_off(loaded)) {
		apply(fd, &loaded->settings);
		mark_set(fd, MARK_CARRIES);
	}
	report_socket(fd, loaded);
	errno = saved;
}

/* A socket that is about to be used and may have come from elsewhere. */
static void
adopt_unknown(int fd, const struct loaded *loaded)
{
	int saved = errno;

	if (is_off(loaded) || mark_of(fd) != MARK_UNKNOWN)
		return;
	adopt(fd);
	errno = saved;
}

/* A connection has the options of its listener, if that had them before: the kernel passes them on.
 */
static int
take_connection(int fd, int listener, const struct loaded *loaded)
{
	if (fd == -1)
		return fd;
	mark_set(fd, mark_of(listener));
	adopt_unknown(fd, loaded);
	return fd;
}

EXPORT int
socket(int family, int type, int protocol)
{
	const struct loaded *loaded = load();
	int fd = loaded->next.socket(family, type, protocol);

	if (fd == -1)
		return fd;
	if (adopt_is_tcp_request(family, type, protocol))
		welcome(fd, loaded);
	else
		mark_set(fd, MARK_OTHER);
	return fd;
}

EXPORT int
connect(int fd, const struct sockaddr *address, socklen_t size)
{
	const struct loaded *loaded = load();

	adopt_unknown(fd, loaded);
	return loaded->next.connect(fd, address, size);
}

EXPORT int
listen(int fd, int backlog)
{
	const struct loaded *loaded = load();

	adopt_unknown(fd, loaded);
	if (mark_of(fd) == MARK_CARRIES && !is_off(loaded)) {
		int saved = errno;

		apply_listener(fd, &loaded->settings);
		errno = saved;
	}
	return loaded->next.listen(fd, backlog);
}

EXPORT int
accept(int listener, struct sockaddr *address, socklen_t *size)
{
	const struct loaded *loaded = load();

	return take_connection(loaded->next.accept(listener, address, size), listener, loaded);
}

EXPORT int
accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
	const struct loaded *loaded = load();

	return take_connection(
	    loaded->next.accept4(listener, address, size, flags), listener, loaded);
}

EXPORT int
setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	const struct loaded *loaded = load();

	if (force_holds(loaded, level, name))
		return force_setsockopt(loaded, fd, level, name, value, size);
	return loaded->next.setsockopt(fd, level, name, value, size);
}
