/* SPDX-License-Identifier: MIT */
/*
 * stack_use: how many bytes of stack each interposed call takes, in the worst of its cases that are
 * tried: "socket 320". What the caller itself needs is in it, with the shim and without.
 */
#include <pthread.h>
#include <stdlib.h>

#include "probe.h"
#include "rights.h"

enum { SIZE = 256 * 1024, PAINT = 0xa5 };

static struct sockaddr_in server;
static int listener, client, pair[2];

static void
call_nothing(void)
{
}

static void
call_socket(void)
{
	client = socket(AF_INET, SOCK_STREAM, 0);
}

static void
call_connect(void)
{
	(void)connect(client, (const struct sockaddr *)&server, sizeof(server));
}

static void
call_listen(void)
{
	listen(listener, 5);
}

static void
call_accept(void)
{
	close(accept(listener, NULL, NULL));
}

static void
call_setsockopt(void)
{
	const int value = 1;

	setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof(value));
}

/* A TCP socket that comes with a message. */
static void
call_recvmsg(void)
{
	rights_send(pair[0], client);
	(void)rights_receive(pair[1]);
}

static const struct {
	const char *name;
	void (*call)(void);
} calls[] = {
	{ "nothing", call_nothing },
	{ "socket", call_socket },
	{ "setsockopt", call_setsockopt },
	{ "listen", call_listen },
	{ "connect", call_connect },
	{ "accept", call_accept },
	{ "recvmsg", call_recvmsg },
};

static void *
run(void *index)
{
	calls[*(size_t *)index].call();
	return NULL;
}

/* The thread's own part is the same in all of them. */
static size_t
measure(size_t index)
{
	static _Alignas(4096) unsigned char stack[SIZE];
	pthread_attr_t attributes;
	pthread_t thread;
	size_t untouched = 0;

	memset(stack, PAINT, sizeof(stack));
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, sizeof(stack));
	if (pthread_create(&thread, &attributes, run, &index) != 0)
		exit(1);
	pthread_join(thread, NULL);
	while (untouched < sizeof(stack) && stack[untouched] == PAINT)
		untouched++;
	return sizeof(stack) - untouched;
}

int
main(void)
{
	size_t least;

	listener = bound(SOCK_STREAM, &server);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		return 1;
	/* The first thread has the loader resolve things. */
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		measure(i);
	least = measure(0);
	for (size_t i = 1; i < sizeof(calls) / sizeof(*calls); i++)
		printf("%s %zu\n", calls[i].name, measure(i) - least);
	return 0;
}
