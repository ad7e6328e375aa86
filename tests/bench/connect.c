/* SPDX-License-Identifier: MIT */
/*
 * What connect(2) costs: prints the nanoseconds of one to a port of this host on which nobody
 * listens, the median of many. socket(2) and close(2) are not counted.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "measure.h"

enum { CONNECTS = 2001 };

int
main(void)
{
	static int64_t spent[CONNECTS];
	struct sockaddr_in nobody = {
		.sin_family = AF_INET,
		.sin_port = htons(1),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	for (int i = 0; i < CONNECTS; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		int64_t before = measure_now();

		if (fd == -1 || connect(fd, (const struct sockaddr *)&nobody, sizeof(nobody)) == 0)
			return 1;
		spent[i] = measure_now() - before;
		close(fd);
	}
	printf("%lld\n", (long long)measure_median(spent, CONNECTS));
	return 0;
}
