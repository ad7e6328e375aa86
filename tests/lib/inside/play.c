/* SPDX-License-Identifier: MIT */
/*
 * play STEP... [exec PROGRAM ARGUMENT...]: network calls as the arguments say, one argument a call.
 * Each step is a line of output: the step, what the call returned, and errno, which was 0 before.
 * At the end it names the descriptors, says "ready", and stays until it is ended; or it becomes
 * another program. A step starts with the letter that its descriptor is known by:
 *
 *	a socket inet|inet6|mptcp|udp|unix|pair|pipe [nonblock]      a raw
 *	a bind ADDRESS PORT         a listen          b accept a     a close
 *	a connect ADDRESS PORT [SIZE]                 a connect nowhere
 *	a fastopen ADDRESS PORT     a ready           a fd NUMBER    a dup b [NUMBER]
 *	a fclose                    a close_range     a closefrom    a closed_by_vfork
 *	a fcntl b NUMBER            a received b      a run COMMAND
 *	a set OPTION VALUE [SIZE]   a set OPTION nowhere|null [SIZE]
 *	a confine kill|ERROR NUMBER,...               a confine kill|ERROR !NUMBER,...
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../options.h"
#include "confine.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { LETTERS = 26, WORDS = 6, PATIENCE_MS = 10000 };

static int fds[LETTERS];
static char *words[WORDS];
static void *nowhere;

static _Noreturn void
refuse(const char *what)
{
	fprintf(stderr, "play: what is \"%s\"?\n", what == NULL ? "" : what);
	exit(2);
}

static int *
slot(const char *word)
{
	if (word == NULL || *word < 'a' || *word > 'z')
		refuse(word);
	return &fds[*word - 'a'];
}

static int
number(const char *word)
{
	if (word == NULL)
		refuse(word);
	return (int)strtol(word, NULL, 0);
}

static int
is(const char *word, const char *name)
{
	return word != NULL && strcmp(word, name) == 0;
}

/* The third and fourth word. */
static socklen_t
read_address(struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	uint16_t port = htons((uint16_t)number(words[3]));

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, words[2], &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = port;
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, words[2], &v6->sin6_addr) != 1)
		refuse(words[2]);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = port;
	return sizeof(*v6);
}

static int
make(const char *kind, int type)
{
	int pair[2] = { -1, -1 };

	if (is(kind, "inet"))
		return socket(AF_INET, type, 0);
	if (is(kind, "inet6"))
		return socket(AF_INET6, type, 0);
	if (is(kind, "mptcp"))
		return socket(AF_INET, type, IPPROTO_MPTCP);
	if (is(kind, "udp"))
		return socket(AF_INET, SOCK_DGRAM, 0);
	if (is(kind, "unix"))
		return socket(AF_UNIX, type, 0);
	if (is(kind, "pair"))
		return socketpair(AF_UNIX, type, 0, pair) == 0 ? pair[0] : -1;
	if (!is(kind, "pipe"))
		refuse(kind);
	return pipe(pair) == 0 ? pair[0] : -1;
}

static int
bind_to(int fd)
{
	const int on = 1;
	struct sockaddr_storage address;
	socklen_t size = read_address(&address);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return bind(fd, (struct sockaddr *)&address, size);
}

static int
connect_to(int fd)
{
	struct sockaddr_storage address;
	socklen_t size;

	if (is(words[2], "nowhere"))
		return connect(fd, nowhere, sizeof(struct sockaddr_in));
	size = read_address(&address);
	if (words[4] != NULL)
		size = (socklen_t)number(words[4]);
	return connect(fd, (struct sockaddr *)&address, size);
}

static int
fast_open(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = read_address(&address);

	return (int)sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&address, size);
}

/* What became of a connect(2) that did not wait. */
static int
wait_until_connected(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	int error = -1;
	socklen_t size = sizeof(error);

	if (poll(&ready, 1, PATIENCE_MS) != 1)
		return -1;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	return error;
}

static int
set(int fd)
{
	const struct option_name *option = option_by_name(words[2]);
	int value = number(words[3]);
	const void *pointer = &value;
	socklen_t size = sizeof(value);

	if (option == NULL)
		refuse(words[2]);
	if (is(words[3], "nowhere"))
		pointer = nowhere;
	if (is(words[3], "null"))
		pointer = NULL;
	if (words[4] != NULL)
		size = (socklen_t)number(words[4]);
	return setsockopt(fd, option->level, option->option, pointer, size);
}

/* The child has memory in common with this process, and descriptors of its own. */
static int
close_in_child(const int fd)
{
	pid_t child = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */

	if (child == 0) {
		close(fd); /* NOLINT(clang-analyzer-unix.Vfork) */
		_exit(0);
	}
	return wait(NULL) == -1;
}

/* Ways to close a descriptor without close(2) in this process. */
static int
close_otherwise(int fd, const char *verb)
{
	if (is(verb, "fclose"))
		return fclose(fdopen(fd, "r+"));
	if (is(verb, "close_range"))
		return (int)syscall(SYS_close_range, fd, fd, 0);
	if (is(verb, "closed_by_vfork"))
		return close_in_child(fd);
	for (int each = fd; each < fd + 8; each++)
		syscall(SYS_close, each);
	return 0;
}

/* The socket comes back by SCM_RIGHTS of unix(7), under another number. */
static int
receive(int fd)
{
	char byte = 'x', control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *part = (struct cmsghdr *)control;
	int pair[2], received;

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(part), &fd, sizeof(fd));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == -1 ||
	    sendmsg(pair[0], &message, 0) == -1 || recvmsg(pair[1], &message, 0) == -1)
		return -1;
	close(pair[0]);
	close(pair[1]);
	memcpy(&received, CMSG_DATA(part), sizeof(received));
	return received;
}

static int
get_another(int *fd, const char *verb)
{
	if (is(verb, "socket"))
		*fd = make(words[2], SOCK_STREAM | (is(words[3], "nonblock") ? SOCK_NONBLOCK : 0));
	else if (is(verb, "raw"))
		*fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	else if (is(verb, "accept"))
		*fd = accept(*slot(words[2]), NULL, NULL);
	else if (is(verb, "fcntl"))
		*fd = fcntl(*slot(words[2]), F_DUPFD, number(words[3]));
	else if (is(verb, "received"))
		*fd = receive(*slot(words[2]));
	else if (is(verb, "fd"))
		*fd = number(words[2]);
	else if (is(verb, "dup") && words[3] == NULL)
		*fd = dup(*slot(words[2]));
	else if (is(verb, "dup"))
		*fd = dup2(*slot(words[2]), number(words[3]));
	else
		refuse(verb);
	return *fd;
}

static int
take(int *fd, const char *verb)
{
	int closed = *fd;

	if (is(verb, "bind"))
		return bind_to(*fd);
	if (is(verb, "listen"))
		return listen(*fd, 16);
	if (is(verb, "connect"))
		return connect_to(*fd);
	if (is(verb, "fastopen"))
		return fast_open(*fd);
	if (is(verb, "ready"))
		return wait_until_connected(*fd);
	if (is(verb, "set"))
		return set(*fd);
	if (is(verb, "confine") && words[3] != NULL)
		return confine(words[2], words[3]);
	if (is(verb, "run"))
		return system(words[2]); /* NOLINT(cert-env33-c) */
	if (is(verb, "fclose") || is(verb, "close_range") || is(verb, "closefrom") ||
	    is(verb, "closed_by_vfork"))
		return close_otherwise(*fd, verb);
	if (!is(verb, "close"))
		return get_another(fd, verb);
	*fd = -1;
	return close(closed);
}

static void
do_step(char *step)
{
	int result;

	printf("%s: ", step);
	memset(words, 0, sizeof(words));
	words[0] = strtok(step, " ");
	for (int i = 1; i < WORDS && words[i - 1] != NULL; i++)
		words[i] = strtok(NULL, " ");
	errno = 0;
	result = take(slot(words[0]), words[1]);
	printf("%d %s\n", result, strerrorname_np(errno));
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(fds, -1, sizeof(fds));
	for (int i = 1; i < argc; i++) {
		if (is(argv[i], "exec")) {
			execvp(argv[i + 1], argv + i + 1);
			perror("play: exec");
			return 127;
		}
		do_step(argv[i]);
	}
	for (int i = 0; i < LETTERS; i++)
		if (fds[i] != -1)
			printf("slot %c %d\n", 'a' + i, fds[i]);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
