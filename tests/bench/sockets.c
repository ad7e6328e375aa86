/* SPDX-License-Identifier: MIT */
/*
 * What a socket costs: sockets KIND prints the nanoseconds of one socket(2) and close(2), the
 * median of batches. KIND is tcp, udp, unix, or self: tcp, on which the program itself sets the
 * options that kashim would set.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum { BATCHES = 41, SOCKETS = 500 };

static int64_t
now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
set_options(int fd)
{
	const int on = 1, idle = 60, interval = 10, count = 6;

	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static int
by_size(const void *a, const void *b)
{
	const int64_t *first = a;
	const int64_t *second = b;

	return *first < *second ? -1 : *first > *second;
}

int
main(int argc, char **argv)
{
	const char *kind = argc == 2 ? argv[1] : "";
	int family = strcmp(kind, "unix") == 0 ? AF_UNIX : AF_INET;
	int type = strcmp(kind, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
	int self = strcmp(kind, "self") == 0;
	int64_t batch[BATCHES];

	if (strcmp(kind, "tcp") != 0 && !self && family == AF_INET && type == SOCK_STREAM) {
		fputs("usage: sockets tcp|self|udp|unix\n", stderr);
		return 2;
	}
	for (int i = 0; i < BATCHES; i++) {
		int64_t before = now();

		for (int made = 0; made < SOCKETS; made++) {
			int fd = socket(family, type, 0);

			if (fd == -1)
				return 1;
			if (self)
				set_options(fd);
			close(fd);
		}
		batch[i] = (now() - before) / SOCKETS;
	}
	qsort(batch, BATCHES, sizeof(*batch), by_size);
	printf("%lld\n", (long long)batch[BATCHES / 2]);
	return 0;
}
