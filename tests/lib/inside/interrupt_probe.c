/* SPDX-License-Identifier: MIT */
/*
 * interrupt_probe restarted|ended|timed: calls that wait, while signals come whose handlers make
 * sockets themselves. The first signal's handler has SA_RESTART or not, the second's has not. Or no
 * signal comes, and the socket has a timeout. Prints the result, and how many signals it took.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "probe.h"

static struct sockaddr_in server;
static int listener, pair[2];
static atomic_int first, second;
static const struct timeval *timeout;
static int restarted;

/* As a program may do, whatever the interrupted call was. */
static void
on_signal(int number)
{
	int saved = errno;
	struct sockaddr_in nobody = server;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	nobody.sin_port = htons(1);
	(void)connect(fd, (struct sockaddr *)&nobody, sizeof(nobody));
	close(fd);
	atomic_fetch_add(number == SIGUSR1 ? &first : &second, 1);
	errno = saved;
}

static void *
send_signals(void *thread)
{
	wait_until_it_sleeps(getpid());
	pthread_kill(*(pthread_t *)thread, SIGUSR1);
	while (atomic_load(&first) == 0)
		usleep(1000);
	if (!restarted)
		return NULL;
	wait_until_it_sleeps(getpid());
	pthread_kill(*(pthread_t *)thread, SIGUSR2);
	return NULL;
}

static int
call_connect(void)
{
	int fd;

	/* The queue is full, so nobody answers. */
	for (int i = 0; i < 4; i++)
		(void)connect(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0),
		    (struct sockaddr *)&server, sizeof(server));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (timeout != NULL)
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, timeout, sizeof(*timeout));
	errno = SENTINEL;
	return connect(fd, (struct sockaddr *)&server, sizeof(server));
}

static int
call_accept(void)
{
	struct sockaddr_storage peer;
	socklen_t size = sizeof(peer);

	return accept(listener, (struct sockaddr *)&peer, &size);
}

static int
call_accept4(void)
{
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

static int
call_recvmsg(void)
{
	struct msghdr message = { 0 };

	return (int)recvmsg(pair[0], &message, 0);
}

static int
call_recvmmsg(void)
{
	struct mmsghdr messages[2] = { 0 };

	return recvmmsg(pair[0], messages, 2, 0, NULL);
}

static void
set_scene(void)
{
	closefrom(STDERR_FILENO + 1);
	listener = bound(SOCK_STREAM, &server);
	listen(listener, 0);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == -1)
		exit(1);
	if (timeout != NULL) {
		setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, timeout, sizeof(*timeout));
		setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, timeout, sizeof(*timeout));
	}
	errno = SENTINEL;
}

static void
try_out(const char *name, int (*call)(void))
{
	pthread_t self = pthread_self(), sender = self;
	int result, error, taken;

	set_scene();
	atomic_store(&first, 0);
	atomic_store(&second, 0);
	if (timeout == NULL && pthread_create(&sender, NULL, send_signals, &self) != 0)
		exit(1);
	errno = SENTINEL;
	result = call();
	error = errno;
	taken = atomic_load(&first) + atomic_load(&second);
	if (timeout == NULL)
		pthread_join(sender, NULL);
	errno = error;
	show(name, result);
	show("signals", taken);
}

int
main(int argc, char **argv)
{
	static const struct timeval soon = { 0, 20000 };
	const char *topic = argc == 2 ? argv[1] : "";
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGUSR2, &action, NULL);
	restarted = strcmp(topic, "restarted") == 0;
	action.sa_flags = restarted ? SA_RESTART : 0;
	sigaction(SIGUSR1, &action, NULL);
	if (strcmp(topic, "timed") == 0)
		timeout = &soon;
	else if (!restarted && strcmp(topic, "ended") != 0)
		return 2;
	try_out("connect", call_connect);
	try_out("accept", call_accept);
	try_out("accept4", call_accept4);
	try_out("recvmsg", call_recvmsg);
	try_out("recvmmsg", call_recvmmsg);
	return 0;
}
