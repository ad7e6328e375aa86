/* SPDX-License-Identifier: MIT */
/*
 * What it takes to start a program and to end it: start SOCKETS [NAME=VALUE]... has /bin/true
 * run with these variables, which inherits so many TCP sockets that nobody had before. In
 * processor time, for that is nearly the same on a busy machine.
 */
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "measure.h"

enum { FIRST = 3, OTHERS = 16 };

static int sockets;
static char **environment;

static void
close_sockets(void)
{
	for (int fd = FIRST; fd < FIRST + sockets; fd++)
		close(fd);
}

static void
open_sockets(void)
{
	for (int i = 0; i < sockets; i++) {
		if (socket(AF_INET, SOCK_STREAM, 0) == FIRST + i)
			continue;
		perror("start: socket");
		exit(1);
	}
}

/* In nanoseconds; of a child that has ended, and of its children. */
static int64_t
start(void)
{
	char name[] = "true";
	char *arguments[] = { name, NULL };
	struct rusage used;
	int status = -1;
	pid_t child;

	if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environment) != 0 ||
	    wait4(child, &status, 0, &used) != child || status != 0) {
		fprintf(stderr, "start: /bin/true failed under %s\n", environment[0]);
		exit(1);
	}
	return 1000000000L * (used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       1000L * (used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static int64_t
figure(void)
{
	int64_t spent;

	open_sockets();
	spent = start();
	close_sockets();
	return spent;
}

int
main(int argc, char **argv)
{
	struct rlimit limit;

	if (argc < 2) {
		fputs("usage: start SOCKETS [NAME=VALUE]...\n", stderr);
		return 2;
	}
	sockets = (int)strtol(argv[1], NULL, 10);
	environment = argv + 2;
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < (rlim_t)sockets + OTHERS)
		limit.rlim_cur = (rlim_t)sockets + OTHERS;
	setrlimit(RLIMIT_NOFILE, &limit);
	close_sockets();
	measure_serve(figure);
	return 0;
}
