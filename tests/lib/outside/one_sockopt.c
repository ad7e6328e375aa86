/* SPDX-License-Identifier: MIT */
/*
 * one_sockopt PID FD OPTION: the value of one option of one socket of a running process, of
 * whatever family, seen through a copy of the descriptor; or why it has none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/syscall.h>
#include <unistd.h>

#include "../options.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

int
main(int argc, char **argv)
{
	const struct option_name *option = argc == 4 ? option_by_name(argv[3]) : NULL;
	int pidfd, fd;
	int value = -1;
	socklen_t size = sizeof(value);

	if (option == NULL) {
		fputs("usage: one_sockopt PID FD OPTION\n", stderr);
		return 2;
	}
	pidfd = (int)syscall(SYS_pidfd_open, (pid_t)strtol(argv[1], NULL, 10), 0U);
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, (int)strtol(argv[2], NULL, 10), 0U);
	if (fd == -1) {
		perror("one_sockopt");
		return 1;
	}
	if (getsockopt(fd, option->level, option->option, &value, &size) == -1)
		puts(strerror(errno));
	else
		printf("%d\n", value);
	return 0;
}
