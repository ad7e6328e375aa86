/* SPDX-License-Identifier: MIT */
/*
 * cancel_calls WHEN [LIBRARY]: pthread_cancel(3) and the interposed functions. A thread makes one
 * call and is cancelled: before it (pending), while it waits in it (deferred, asynchronous), or as
 * the call of libc returns (late: then the library that this file is with -DLIBRARY has to lie
 * behind the shim). Or the call is to load a library (loading). Prints whether the call returned,
 * and what the thread has left behind.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "probe.h"

#ifdef LIBRARY
#include <dlfcn.h>

/* Whoever is not the main thread is cancelled after each call, and learns it later. */
#define LATE(type, name, parameters, arguments) \
	type name parameters \
	{ \
		type(*next) parameters; \
		type result; \
\
		*(void **)&next = dlsym(RTLD_NEXT, #name); \
		result = next arguments; \
		if (gettid() != getpid()) \
			pthread_cancel(pthread_self()); \
		return result; \
	}

LATE(int, socket, (int family, int type, int protocol), (family, type, protocol))
LATE(int, connect, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
LATE(int, listen, (int fd, int backlog), (fd, backlog))
LATE(int, accept, (int fd, struct sockaddr *from, socklen_t *size), (fd, from, size))
LATE(int, accept4, (int fd, struct sockaddr *from, socklen_t *size, int flags),
    (fd, from, size, flags))
LATE(ssize_t, recvmsg, (int fd, struct msghdr *message, int flags), (fd, message, flags))
LATE(int, recvmmsg,
    (int fd, struct mmsghdr *messages, unsigned count, int flags, struct timespec *timeout),
    (fd, messages, count, flags, timeout))
#else
#include <dlfcn.h>
#include <fcntl.h>

enum { DESCRIPTORS = 100 };

static struct sockaddr_in server;
static int tcp, listener, pair[2];
static const int on = 1;

static int
call_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int
call_socket_udp(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}

static int
call_setsockopt(void)
{
	return setsockopt(tcp, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static int
call_listen(void)
{
	return listen(tcp, 5);
}

static int
call_dup2(void)
{
	return dup2(tcp, DESCRIPTORS - 1);
}

static int
call_dup3(void)
{
	return dup3(tcp, DESCRIPTORS - 1, O_CLOEXEC);
}

static int
call_close(void)
{
	return close(tcp);
}

static int
call_connect(void)
{
	return connect(tcp, (const struct sockaddr *)&server, sizeof(server));
}

static int
call_accept(void)
{
	return accept(listener, NULL, NULL);
}

static int
call_accept4(void)
{
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

struct letter {
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	char byte;
	struct iovec vector;
	struct mmsghdr messages;
};

static struct msghdr *
blank(struct letter *letter)
{
	memset(letter, 0, sizeof(*letter));
	letter->vector = (struct iovec){ &letter->byte, 1 };
	letter->messages.msg_hdr = (struct msghdr){ .msg_iov = &letter->vector,
		.msg_iovlen = 1,
		.msg_control = letter->control,
		.msg_controllen = sizeof(letter->control) };
	return &letter->messages.msg_hdr;
}

static int
call_recvmsg(void)
{
	struct letter letter;

	return (int)recvmsg(pair[1], blank(&letter), 0);
}

static int
call_recvmmsg(void)
{
	struct letter letter;

	blank(&letter);
	return recvmmsg(pair[1], &letter.messages, 1, 0, NULL);
}

/* A TCP socket that the other end has never seen. */
static void
post(void)
{
	struct letter letter;
	struct msghdr *message = blank(&letter);
	struct cmsghdr *part = CMSG_FIRSTHDR(message);

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(part), &tcp, sizeof(tcp));
	sendmsg(pair[0], message, 0);
}

static const char *library;

static int
call_dlopen(void)
{
	return dlopen(library, RTLD_NOW) != NULL;
}

static const struct job {
	const char *name;
	int (*call)(void);
	int waits; /* when there is nothing to be had */
} jobs[] = {
	{ "socket", call_socket, 0 },
	{ "socket, udp", call_socket_udp, 0 },
	{ "setsockopt", call_setsockopt, 0 },
	{ "listen", call_listen, 0 },
	{ "dup2", call_dup2, 0 },
	{ "dup3", call_dup3, 0 },
	{ "close", call_close, 0 },
	{ "connect", call_connect, 1 },
	{ "accept", call_accept, 1 },
	{ "accept4", call_accept4, 1 },
	{ "recvmsg", call_recvmsg, 1 },
	{ "recvmmsg", call_recvmmsg, 1 },
};

static const struct job loading = { "dlopen", call_dlopen, 0 };

static int at_once, asynchronous, result, returned, cleaned;
static atomic_int thread_id;

static void
clean(void *argument)
{
	(void)argument;
	cleaned = 1;
}

static void *
run(void *argument)
{
	const struct job *job = *(const struct job **)argument;

	pthread_setcanceltype(
	    asynchronous ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED, NULL);
	pthread_cleanup_push(clean, NULL);
	if (at_once)
		pthread_cancel(pthread_self());
	atomic_store(&thread_id, gettid());
	result = job->call();
	returned = 1;
	pthread_testcancel();
	pthread_cleanup_pop(0);
	return NULL;
}

static int
count_open(void)
{
	int count = 0;

	for (int fd = 0; fd < 2 * DESCRIPTORS; fd++)
		count += fcntl(fd, F_GETFD) != -1;
	return count;
}

/* A queue that is full, or two connections and letters to take. */
static void
set_scene(int waits)
{
	closefrom(STDERR_FILENO + 1);
	listener = bound(SOCK_STREAM, &server);
	listen(listener, waits ? 0 : 5);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		exit(1);
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	for (int i = 0; i < 2 && !waits; i++) {
		connected(&server);
		post();
	}
}

static void
fill_queue(void)
{
	for (int i = 0; i < 4; i++)
		(void)connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0),
		    (const struct sockaddr *)&server, sizeof(server));
}

static void
try_out(const struct job *job, int waits)
{
	pthread_t thread;
	void *value;
	int before;

	set_scene(waits);
	if (waits && job->call == call_connect)
		fill_queue();
	before = count_open();
	result = returned = cleaned = 0;
	atomic_store(&thread_id, 0);
	if (pthread_create(&thread, NULL, run, &job) != 0)
		exit(1);
	if (waits) {
		while (atomic_load(&thread_id) == 0)
			usleep(1000);
		wait_until_it_sleeps(atomic_load(&thread_id));
		pthread_cancel(thread);
	}
	pthread_join(thread, &value);
	printf("%s: %s, %d, %s, cleaned up %d, %d more descriptors\n", job->name,
	    returned ? "returned" : "cancelled in it", result,
	    value == PTHREAD_CANCELED ? "cancelled" : "not cancelled", cleaned,
	    count_open() - before);
	if (waits)
		return;
	errno = SENTINEL;
	show("the same again", job->call());
	show("a socket", socket(AF_INET, SOCK_STREAM, 0));
}

int
main(int argc, char **argv)
{
	const char *when = argc > 1 ? argv[1] : "";
	int waits = strcmp(when, "deferred") == 0 || strcmp(when, "asynchronous") == 0;

	library = argc > 2 ? argv[2] : NULL;
	at_once = strcmp(when, "pending") == 0 || library != NULL;
	asynchronous = strcmp(when, "asynchronous") == 0;
	if (!waits && !at_once && strcmp(when, "late") != 0)
		return 2;
	if (library != NULL) {
		try_out(&loading, 0);
		return 0;
	}
	for (size_t i = 0; i < sizeof(jobs) / sizeof(*jobs); i++)
		if (!waits || jobs[i].waits)
			try_out(&jobs[i], waits);
	return 0;
}
#endif
