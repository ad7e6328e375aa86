/* SPDX-License-Identifier: MIT */
#include "adopt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <sys/stat.h>

#include "apply.h"
#include "decide.h"
#include "descriptors.h"
#include "endpoint.h"
#include "file.h"
#include "kernel.h"
#include "report.h"
#include "tcp.h"

/*
 * How many connections of a listener may lack the policy: those that wait to be accepted, see
 * net/ipv4/tcp.c, tcp_get_info(). Threads that accept at the same time may count in another order
 * than they were served, so some more are looked at.
 */
static uint32_t
queue_of(int fd)
{
	enum { THREADS = 256 };
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	if (kernel_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
	    info.tcpi_unacked == 0)
		return 0;
	return info.tcpi_unacked + THREADS;
}

/* Put on a TCP socket what its mark says. */
static struct mark
carry(const struct loaded *loaded, int fd, struct mark mark)
{
	const struct settings *settings = decide_settings(loaded, mark);

	if (settings->mode == MODE_FORCE)
		apply(fd, settings, loaded->next.setsockopt);
	else if (settings->mode == MODE_SUGGEST)
		mark.asked =
		    apply_missing(fd, settings, &loaded->defaults, loaded->next.setsockopt);
	return mark;
}

/* What tcp_protocol() says, by as few questions as will do: MPTCP matters for user timeouts alone.
 */
static int
protocol_of(const struct loaded *loaded, int fd)
{
	if (loaded->settings.value[OPTION_USER_TIMEOUT] == VALUE_UNSET) {
		if (tcp_answers(fd))
			return IPPROTO_TCP;
		if (errno == ENOTSOCK)
			return -1;
	}
	return tcp_protocol(fd);
}

/* A socket that can be written to does not listen: net/ipv4/tcp.c, tcp_poll(). */
static struct mark
bring_in(const struct loaded *loaded, int fd, bool is_writable)
{
	int protocol = protocol_of(loaded, fd);
	struct mark mark = { .kind = MARK_UNKNOWN };
	bool listens;

	/* What is no socket may be one later, under the same number. */
	if (protocol == -1) {
		mark_put(fd, mark);
		return mark;
	}
	if (protocol == 0) {
		mark.kind = MARK_OTHER;
		mark_put(fd, mark);
		return mark;
	}
	mark.kind = MARK_TCP;
	mark.mptcp = protocol == IPPROTO_MPTCP;
	listens = !is_writable && tcp_listens(fd);
	if (!listens && load_waits(loaded) && endpoint_remote(fd).known)
		mark = decide_rule(loaded, fd, mark, DIRECTION_ACCEPT, NULL, 0);
	mark = carry(loaded, fd, mark);
	if (listens) {
		apply_listener(fd, &loaded->settings, loaded->next.setsockopt);
		mark_late(&mark, queue_of(fd));
	}
	mark_put(fd, mark);
	report_socket(fd, loaded, mark);
	return mark;
}

struct mark
adopt(const struct loaded *loaded, int fd)
{
	return bring_in(loaded, fd, false);
}

/*
 * Whether it may be a socket. Asked for before anything else, until there was one: a seccomp filter
 * that came over execve(2) may kill who asks for socket options, but not who asks for this, as
 * ld.so(8) just did.
 */
static bool
may_be_socket(int fd)
{
	struct file file;

	return file_look(fd, "", AT_EMPTY_PATH, &file) == -1 || S_ISSOCK(file.mode);
}

void
adopt_open(const struct loaded *loaded)
{
	int end = descriptors_end();
	bool sockets = false;

	for (int first = 0; first < end; first += DESCRIPTORS_AT_ONCE) {
		struct descriptors found = descriptors_look(first);

		for (int fd = first; found.open != 0; fd++) {
			if ((found.open & 1) != 0 && (sockets || may_be_socket(fd))) {
				struct mark mark = bring_in(loaded, fd, found.writable & 1);

				sockets |= mark.kind != MARK_UNKNOWN;
			}
			found.open >>= 1;
			found.writable >>= 1;
		}
	}
}

/* Descriptors that arrived, in `size` bytes. */
static void
adopt_all(const struct loaded *loaded, const char *descriptors, size_t size)
{
	for (size_t at = 0; at + sizeof(int) <= size; at += sizeof(int)) {
		int fd;

		memcpy(&fd, descriptors + at, sizeof(fd));
		adopt(loaded, fd);
	}
}

/* The parts lie as cmsg(3) says; CMSG_NXTHDR would be one more function of libc's to look up. */
void
adopt_message(const struct loaded *loaded, const struct msghdr *message)
{
	const char *at = message->msg_control;
	size_t left = message->msg_controllen;

	while (left >= CMSG_LEN(0)) {
		struct cmsghdr part;

		memcpy(&part, at, sizeof(part));
		if (part.cmsg_len < CMSG_LEN(0) || part.cmsg_len > left)
			return;
		if (part.cmsg_level == SOL_SOCKET && part.cmsg_type == SCM_RIGHTS)
			adopt_all(loaded, at + CMSG_LEN(0), part.cmsg_len - CMSG_LEN(0));
		if (CMSG_ALIGN(part.cmsg_len) >= left)
			return;
		at += CMSG_ALIGN(part.cmsg_len);
		left -= CMSG_ALIGN(part.cmsg_len);
	}
}
