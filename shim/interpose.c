/* SPDX-License-Identifier: MIT */
/*
 * The only door into a program: every function that libkashim.so defines over libc's. libkashim.map
 * has the same names.
 */
#include <errno.h>
#include <unistd.h>

#include "adopt.h"
#include "apply.h"
#include "decide.h"
#include "force.h"
#include "load.h"
#include "report.h"
#include "tcp.h"

#define EXPORT __attribute__((visibility("default")))

/* Nothing to do for any socket of this program. */
static bool
is_off(const struct loaded *loaded)
{
	return loaded->settings.mode == MODE_OFF && !decide_waits(loaded);
}

/* A TCP socket that was just made. A broken policy leaves it alone, too, but not in silence. */
static void
welcome(int fd, int protocol, const struct loaded *loaded)
{
	struct mark mark = { .mptcp = protocol == IPPROTO_MPTCP };
	int saved = errno;

	if (!is_off(loaded)) /* else another policy may still come: we are being loaded */
		mark.kind = MARK_TCP;
	apply(fd, &loaded->settings);
	mark_put(fd, mark);
	report_socket(fd, loaded, mark);
	errno = saved;
}

/* A socket that is about to be used, and may have come from elsewhere. */
static struct mark
known(int fd, const struct loaded *loaded)
{
	struct mark mark = mark_of(fd);

	if (mark.kind == MARK_UNKNOWN && !is_off(loaded)) {
		int saved = errno;

		mark = adopt(loaded, fd);
		errno = saved;
	}
	return mark;
}

/* Rules may look at the connection that is about to be made, or was made just now. */
static void
consider(int fd, enum direction direction, const struct sockaddr *address, socklen_t size,
    const struct loaded *loaded)
{
	struct mark mark = known(fd, loaded);
	int saved;

	if (mark.kind != MARK_TCP || !decide_waits(loaded))
		return;
	saved = errno;
	mark_put(fd, decide(loaded, fd, mark, direction, address, size));
	report_socket(fd, loaded, mark_of(fd));
	errno = saved;
}

/* What most calls find: the descriptor is known, and no rule waits for its connection. */
static bool
is_settled(int fd, const struct loaded *loaded)
{
	struct mark mark = mark_of(fd);

	return mark.kind != MARK_UNKNOWN && !decide_waits(loaded);
}

/*
 * A connection has what its listener had before it listened: the kernel passes that on. Not the
 * user timeout of an MPTCP listener, and nothing to connections that came before the listener was
 * adopted.
 */
static void
take_connection(int fd, int listener, struct mark mark, const struct loaded *loaded)
{
	int saved;

	mark_late(&mark, 0);
	mark_put(fd, mark);
	if (mark.kind != MARK_TCP || is_off(loaded))
		return;
	saved = errno;
	if (mark_take_queued(listener) ||
	    (mark.mptcp && loaded->settings.value[OPTION_USER_TIMEOUT] != VALUE_UNSET))
		adopt(loaded, fd);
	else if (decide_waits(loaded))
		consider(fd, DIRECTION_ACCEPT, NULL, 0, loaded);
	else
		report_socket(fd, loaded, mark);
	errno = saved;
}

EXPORT int
socket(int family, int type, int protocol)
{
	const struct loaded *loaded = load();
	int fd = loaded->next.socket(family, type, protocol);

	if (fd == -1)
		return fd;
	if (tcp_is_request(family, type, protocol))
		welcome(fd, protocol, loaded);
	else
		mark_put(fd, (struct mark){ .kind = MARK_OTHER });
	return fd;
}

EXPORT int
connect(int fd, const struct sockaddr *address, socklen_t size)
{
	const struct loaded *loaded = load();
	int result;

	if (is_settled(fd, loaded))
		return loaded->next.connect(fd, address, size);
	consider(fd, DIRECTION_CONNECT, address, size, loaded);
	result = loaded->next.connect(fd, address, size);
	/* Only now the kernel has chosen the own end. */
	if (loaded->looks_at_local && (result == 0 || errno == EINPROGRESS))
		consider(fd, DIRECTION_CONNECT, address, size, loaded);
	return result;
}

EXPORT int
listen(int fd, int backlog)
{
	const struct loaded *loaded = load();
	struct mark mark = known(fd, loaded);
	int saved = errno;

	if (mark.kind == MARK_TCP) {
		apply_listener(fd, &loaded->settings);
		errno = saved;
	}
	return loaded->next.listen(fd, backlog);
}

EXPORT int
accept(int listener, struct sockaddr *address, socklen_t *size)
{
	const struct loaded *loaded = load();
	struct mark mark = known(listener, loaded);
	int fd = loaded->next.accept(listener, address, size);

	if (fd != -1)
		take_connection(fd, listener, mark, loaded);
	return fd;
}

EXPORT int
accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
	const struct loaded *loaded = load();
	struct mark mark = known(listener, loaded);
	int fd = loaded->next.accept4(listener, address, size, flags);

	if (fd != -1)
		take_connection(fd, listener, mark, loaded);
	return fd;
}

EXPORT int
setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	const struct loaded *loaded = load();
	enum option_id option = force_option(level, name);

	if (option == OPTION_COUNT || is_off(loaded))
		return loaded->next.setsockopt(fd, level, name, value, size);
	return force_setsockopt(loaded, fd, option, value, size);
}

/* A mark lasts as long as its descriptor: the next one with this number is unknown. */
EXPORT int
close(int fd)
{
	const struct loaded *loaded = load();

	mark_put(fd, (struct mark){ .kind = MARK_UNKNOWN });
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

EXPORT ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	const struct loaded *loaded = load();
	ssize_t result = loaded->next.recvmsg(fd, message, flags);
	int saved = errno;

	if (result != -1 && message->msg_controllen != 0 && !is_off(loaded)) {
		adopt_message(loaded, message);
		errno = saved;
	}
	return result;
}

EXPORT int
recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
	const struct loaded *loaded = load();
	int result = loaded->next.recvmmsg(fd, messages, count, flags, timeout);
	int saved = errno;

	for (int i = 0; i < result && !is_off(loaded); i++)
		if (messages[i].msg_hdr.msg_controllen != 0)
			adopt_message(loaded, &messages[i].msg_hdr);
	errno = saved;
	return result;
}
