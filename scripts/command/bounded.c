/* SPDX-License-Identifier: MIT */
#include "bounded.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "clock.h"

/* How long a child that was killed may take to be gone before it is left to itself. */
enum { FAREWELL_MS = 100 };

static const char done[] = "done";

void
bounded_send(int out, const void *head, size_t head_size, const void *rest, size_t rest_size)
{
	struct iovec part[2] = { { .iov_len = head_size }, { .iov_len = rest_size } };
	struct msghdr message = { .msg_iov = part, .msg_iovlen = rest_size == 0 ? 1 : 2 };

	/* An iovec is for reading, too, and so has no const. */
	part[0].iov_base = (void *)(uintptr_t)head;
	part[1].iov_base = (void *)(uintptr_t)rest;
	while (sendmsg(out, &message, MSG_NOSIGNAL) == -1)
		if (errno != EINTR)
			_exit(EXIT_FAILURE);
}

/* A group of its own, so that what it starts ends with it. */
static _Noreturn void
run_child(const struct bounded *bounded, int out, pid_t parent)
{
	sigset_t none;

	setpgid(0, 0);
	/* What the parent has not printed yet is the parent's. */
	__fpurge(stdout);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	bounded->work(out, bounded->work_context);
	bounded_send(out, done, sizeof(done), NULL, 0);
	_exit(EXIT_SUCCESS);
}

/* A child that waits in the kernel for something that no signal ends is not waited for. */
static void
end_child(pid_t child)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	kill(-child, SIGKILL);
	kill(child, SIGKILL);
	for (int i = 0; i < FAREWELL_MS && waitpid(child, NULL, WNOHANG) == 0; i++)
		nanosleep(&moment, NULL);
}

/* Whether a message came within the time that is left, and less of it is left then. */
static bool
wait_for_message(int in, int64_t *left)
{
	struct pollfd ready = { .fd = in, .events = POLLIN };
	int64_t end = clock_ms(CLOCK_MONOTONIC) + *left;
	int found;

	do {
		found = poll(&ready, 1, *left < 0 ? 0 : (int)*left);
		*left = end - clock_ms(CLOCK_MONOTONIC);
	} while (found == -1 && errno == EINTR && *left > 0);
	return found == 1;
}

/* What came from earlier children that did not go at once. */
static void
reap(void)
{
	int saved = errno;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	errno = saved;
}

/* Returns whether the work has come to its end. */
static bool
listen_to(const struct bounded *bounded, int in)
{
	static alignas(max_align_t) char message[BOUNDED_LARGEST];
	int64_t left = bounded->patience;
	ssize_t size;

	while (wait_for_message(in, &left)) {
		size = recv(in, message, sizeof(message), 0);
		if (size == -1 && errno == EINTR)
			continue;
		if (size <= 0)
			return false;
		if (size == sizeof(done))
			return true;
		bounded->receive(message, (size_t)size, bounded->receive_context);
	}
	return false;
}

bool
bounded_run(const struct bounded *bounded)
{
	pid_t parent = getpid(), child;
	bool is_done;
	int pair[2];

	reap();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return false;
	child = fork();
	if (child == 0) {
		close(pair[0]);
		run_child(bounded, pair[1], parent);
	}
	close(pair[1]);
	if (child == -1) {
		close(pair[0]);
		return false;
	}
	setpgid(child, child);
	is_done = listen_to(bounded, pair[0]);
	close(pair[0]);
	if (is_done)
		waitpid(child, NULL, 0);
	else
		end_child(child);
	return is_done;
}
