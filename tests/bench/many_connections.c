/* SPDX-License-Identifier: MIT */
/*
 * many_connections COUNT: so many ends of TCP connections over loopback, in processes of 10,000.
 * Says "ready" when they are there; for each line of input opens another connection and says "open".
 * Ends with its input.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { ENDS_EACH = 10000, PORT = 7000 };

static _Noreturn void
give_up(const char *what)
{
	perror(what);
	exit(1);
}

/* Each process has an address of its own, for its connections to have ports enough. */
static struct sockaddr_in
address_of(int number)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)number) };
}

static int
listen_at(int number)
{
	struct sockaddr_in address = address_of(number);
	const int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1 || listen(fd, 16) == -1)
		give_up("listen");
	return fd;
}

static void
connect_to(int number, int listener)
{
	struct sockaddr_in address = address_of(number);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1 || connect(fd, (struct sockaddr *)&address, sizeof(address)) == -1 ||
	    accept(listener, NULL, NULL) == -1)
		give_up("connect");
}

static _Noreturn void
hold(int number, int ends, int done)
{
	int listener;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	listener = listen_at(number);
	for (; ends > 1; ends -= 2)
		connect_to(number, listener);
	if (write(done, "x", 1) != 1)
		give_up("write");
	for (;;)
		pause();
}

int
main(int argc, char **argv)
{
	int count = argc < 2 ? 0 : (int)strtol(argv[1], NULL, 10);
	struct rlimit files;
	int done[2], number = 1, listener;
	char byte;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (pipe(done) == -1)
		give_up("pipe");
	for (int left = count; left > 0; left -= ENDS_EACH, number++)
		if (fork() == 0)
			hold(number, left < ENDS_EACH ? left : ENDS_EACH, done[1]);
	close(done[1]);
	for (int i = 1; i < number; i++)
		if (read(done[0], &byte, 1) != 1)
			give_up("a process has ended");
	listener = listen_at(0);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) == 1) {
		connect_to(0, listener);
		puts("open");
		fflush(stdout);
	}
	return 0;
}
