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
#include "inline.h"
#include "load.h"
#include "report.h"
#include "tcp.h"

#define EXPORT __attribute__((visibility("default")))

/*
 * A TCP socket is made, and gets its options. A broken policy leaves it alone, too, but not in
 * silence.
 */
SELDOM static int
make_tcp(int family, int type, int protocol, const struct loaded *loaded)
{
	int fd = loaded->next.socket(family, type, protocol);
	struct mark mark = { .mptcp = protocol == IPPROTO_MPTCP };
	int saved = errno;

	if (fd == -1)
		return fd;
	if (!load_is_off(loaded)) /* else another policy may still come: we are being loaded */
		mark.kind = MARK_TCP;
	apply(fd, &loaded->settings, loaded->next.setsockopt);
	mark_put(fd, mark);
	report_socket(fd, loaded, mark);
	errno = saved;
	return fd;
}

/* A socket that came from elsewhere. */
SELDOM static struct mark
meet(int fd, const struct loaded *loaded)
{
	struct mark mark = { .kind = MARK_UNKNOWN };
	int saved = errno;

	if (!load_is_off(loaded))
		mark = adopt(loaded, fd);
	errno = saved;
	return mark;
}

/* A socket that is about to be used. */
INLINE struct mark
known(int fd, const struct loaded *loaded)
{
	struct mark mark = mark_of(fd);

	return mark.kind == MARK_UNKNOWN ? meet(fd, loaded) : mark;
}

/* Rules may look at the connection that is about to be made, or was made just now. */
static void
consider(int fd, enum direction direction, const struct sockaddr *address, socklen_t size,
    const struct loaded *loaded)
{
	struct mark mark = known(fd, loaded);
	int saved;

	if (mark.kind != MARK_TCP || !load_waits(loaded))
		return;
	saved = errno;
	mark_put(fd, decide(loaded, fd, mark, direction, address, size));
	report_socket(fd, loaded, mark_of(fd));
	errno = saved;
}

/*
 * A connection has what its listener had before it listened: the kernel passes that on. Not the
 * user timeout of an MPTCP listener, and nothing to connections that came before the listener was
 * adopted.
 */
SELDOM static int
take_tcp(int fd, int listener, struct mark mark, const struct loaded *loaded)
{
	int saved = errno;

	mark_late(&mark, 0);
	mark_put(fd, mark);
	if (fd == -1 || load_is_off(loaded))
		return fd;
	if (mark_take_queued(listener) ||
	    (mark.mptcp && loaded->settings.value[OPTION_USER_TIMEOUT] != VALUE_UNSET))
		adopt(loaded, fd);
	else if (load_waits(loaded))
		consider(fd, DIRECTION_ACCEPT, NULL, 0, loaded);
	else
		report_socket(fd, loaded, mark);
	errno = saved;
	return fd;
}

INLINE int
take_connection(int fd, int listener, struct mark mark, const struct loaded *loaded)
{
	if (mark.kind == MARK_TCP && (!loaded->is_plain || mark.late || mark.mptcp))
		return take_tcp(fd, listener, mark, loaded);
	mark_put(fd, mark);
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
	mark_put(fd, (struct mark){ .kind = MARK_OTHER });
	return fd;
}

EXPORT int
connect(int fd, const struct sockaddr *address, socklen_t size)
{
	const struct loaded *loaded = load();
	struct mark mark = mark_of(fd);
	int result;

	if (loaded->is_plain && mark.kind != MARK_UNKNOWN)
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
		apply_listener(fd, &loaded->settings, loaded->next.setsockopt);
		errno = saved;
	}
	return loaded->next.listen(fd, backlog);
}

EXPORT int
accept(int listener, struct sockaddr *address, socklen_t *size)
{
	const struct loaded *loaded = load();
	struct mark mark = known(listener, loaded);

	return take_connection(
	    loaded->next.accept(listener, address, size), listener, mark, loaded);
}

EXPORT int
accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
	const struct loaded *loaded = load();
	struct mark mark = known(listener, loaded);

	return take_connection(
	    loaded->next.accept4(listener, address, size, flags), listener, mark, loaded);
}

EXPORT int
setsockopt(int fd, int level, int name, const void *value, socklen_t size)
{
	const struct loaded *loaded = load();
	enum option_id option = force_option(level, name);

	if (option == OPTION_COUNT || load_is_off(loaded))
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

/* What came with a message, or with several, each of `size` bytes. */
SELDOM static void
take_messages(const struct msghdr *message, int count, size_t size, const struct loaded *loaded)
{
	int saved = errno;

	for (int i = 0; i < count && !load_is_off(loaded); i++)
		adopt_message(loaded, (const void *)((const char *)message + i * size));
	errno = saved;
}

EXPORT ssize_t
recvmsg(int fd, struct msghdr *message, int flags)
{
	const struct loaded *loaded = load();
	ssize_t result = loaded->next.recvmsg(fd, message, flags);

	if (result != -1 && message->msg_controllen != 0)
		take_messages(message, 1, sizeof(*message), loaded);
	return result;
}

EXPORT int
recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout)
{
	const struct loaded *loaded = load();
	int result = loaded->next.recvmmsg(fd, messages, count, flags, timeout);

	if (result > 0)
		take_messages(&messages->msg_hdr, result, sizeof(*messages), loaded);
	return result;
}
