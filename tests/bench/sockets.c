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
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "measure.h"

enum { BATCHES = 41, SOCKETS = 500 };

static void
set_options(int fd)
{
	const int on = 1, idle = 60, interval = 10, count = 6;

	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
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
		int64_t before = measure_now();

		for (int made = 0; made < SOCKETS; made++) {
			int fd = socket(family, type, 0);

			if (fd == -1)
				return 1;
			if (self)
				set_options(fd);
			close(fd);
		}
		batch[i] = (measure_now() - before) / SOCKETS;
	}
	printf("%lld\n", (long long)measure_median(batch, BATCHES));
	return 0;
}
