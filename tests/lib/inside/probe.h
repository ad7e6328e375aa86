/* SPDX-License-Identifier: MIT */
/*
 * What probes share: they call the interposed functions in every way that can go well or wrong, and
 * print what came back, which in the same surroundings is the same.
 */
#ifndef KASHIM_TESTS_PROBE_H
#define KASHIM_TESTS_PROBE_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>
#include <sys/socket.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

enum { SENTINEL = 4242, NO_SUCH_FD = 999, LAST = 100000 };

/* A result, and errno, which held a sentinel before. */
static inline void
show(const char *what, int result)
{
	int error = errno;

	printf("%s: %d, errno %s\n", what, result, error == SENTINEL ? "kept" : strerror(error));
	fflush(stdout);
	errno = SENTINEL;
}

static inline struct sockaddr_in
loopback(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

/* A TCP socket that is bound to a port of its own. */
static inline int
bound(int type, struct sockaddr_in *address)
{
	int fd = socket(AF_INET, type, 0);
	socklen_t size = sizeof(*address);

	*address = loopback();
	(void)bind(fd, (struct sockaddr *)address, size);
	getsockname(fd, (struct sockaddr *)address, &size);
	errno = SENTINEL;
	return fd;
}

static inline int
listening(int type, struct sockaddr_in *address)
{
	int fd = bound(type, address);

	listen(fd, 5);
	errno = SENTINEL;
	return fd;
}

static inline int
connected(const struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)connect(fd, (const struct sockaddr *)address, sizeof(*address));
	errno = SENTINEL;
	return fd;
}

static inline int
end_of_pipe(void)
{
	int ends[2];

	if (pipe(ends) == -1)
		return -1;
	errno = SENTINEL;
	return ends[0];
}

/* The last bytes of a page behind which nothing can be read. */
static inline char *
edge(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages =
	    mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(pages + page, page, PROT_NONE);
	errno = SENTINEL;
	return pages + page - bytes;
}

/* Until this thread of ours sleeps, in whatever call it makes. */
static inline void
wait_until_it_sleeps(int thread_id)
{
	enum { PATIENCE_MS = 10000 };
	char path[64], state = '?';

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread_id);
	for (int i = 0; i < PATIENCE_MS && state != 'S'; i++) {
		FILE *file;

		usleep(1000);
		file = fopen(path, "re");
		if (file == NULL)
			continue;
		if (fscanf(file, "%*d %*s %c", &state) != 1)
			state = '?';
		fclose(file);
	}
}

#endif
