/* SPDX-License-Identifier: MIT */
/*
 * hold_strangely KIND [ARGUMENT...]: hold TCP sockets in a way that makes them hard to look at, say
 * "ready", and stay.
 *
 *	leader		a thread goes on after the first one has ended
 *	table		a thread has descriptors of its own, and makes its socket there
 *	locked		a thread that waits for a page of memory has locked the socket
 *	arguments	the arguments lie in memory of which no page comes any more
 *	swap		descriptor 77 is now our own socket, now the one that came as descriptor 0
 *	silent DIR	mount a file system on DIR that never answers
 *	many COUNT	so many listening sockets
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static _Noreturn void
give_up(const char *what)
{
	perror(what);
	exit(77);
}

static int
listener(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == -1 || listen(fd, 4) == -1)
		give_up("bind");
	return fd;
}

static void
ready(void)
{
	puts("ready");
	fflush(stdout);
}

static _Noreturn void
stay(void)
{
	ready();
	for (;;)
		pause();
}

static void *
go_on(void *unused)
{
	(void)unused;
	/* Until the first thread is gone. */
	while (access("/proc/self/exe", F_OK) == 0)
		usleep(1000);
	stay();
}

static void *
own_table(void *unused)
{
	(void)unused;
	if (unshare(CLONE_FILES) == -1)
		give_up("unshare");
	listener(0);
	stay();
}

static pthread_t
start(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, argument) != 0)
		give_up("pthread_create");
	return thread;
}

/* Memory of which no page comes: nobody answers its faults. */
static void *
silent_memory(size_t size)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register range = { .range = { (uintptr_t)at, size },
		.mode = UFFDIO_REGISTER_MODE_MISSING };

	if (fd == -1 || ioctl(fd, UFFDIO_API, &api) == -1 ||
	    ioctl(fd, UFFDIO_REGISTER, &range) == -1)
		give_up("userfaultfd");
	return at;
}

struct sending {
	int fd;
	void *memory;
};

static void *
send_from(void *argument)
{
	const struct sending *sending = argument;

	send(sending->fd, sending->memory, 4096, 0);
	return NULL;
}

static void
lock_socket(void)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);
	int server = listener(0);
	struct sending sending = { socket(AF_INET, SOCK_STREAM, 0), silent_memory(4096) };

	getsockname(server, (struct sockaddr *)&address, &size);
	if (connect(sending.fd, (struct sockaddr *)&address, size) == -1)
		give_up("connect");
	start(send_from, &sending);
	usleep(100000);
	stay();
}

/* The page of the stack in which the arguments lie goes, and does not come back. */
static void
hide_arguments(char **argv)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t at = (uintptr_t)argv[0] & ~(page - 1);
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range = { at, page },
		.mode = UFFDIO_REGISTER_MODE_MISSING };

	listener(0);
	ready();
	if (fd == -1 || ioctl(fd, UFFDIO_API, &api) == -1 ||
	    ioctl(fd, UFFDIO_REGISTER, &range) == -1 ||
	    madvise((void *)at, page, MADV_DONTNEED) == -1)
		give_up("userfaultfd");
	for (;;)
		pause();
}

static void
swap(void)
{
	int own = socket(AF_INET, SOCK_STREAM, 0);
	int other = dup(STDIN_FILENO);

	ready();
	for (;;) {
		dup2(own, 77);
		dup2(other, 77);
	}
}

static void
mount_silent(const char *directory)
{
	char options[100];
	int fd = open("/dev/fuse", O_RDWR);

	snprintf(
	    options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd);
	if (fd == -1 || mount("silent", directory, "fuse", 0, options) == -1)
		give_up("fuse");
	stay();
}

int
main(int argc, char **argv)
{
	const char *kind = argc < 2 ? "" : argv[1];

	if (strcmp(kind, "leader") == 0) {
		listener(0);
		start(go_on, NULL);
		pthread_exit(NULL);
	} else if (strcmp(kind, "table") == 0) {
		pthread_join(start(own_table, NULL), NULL);
	} else if (strcmp(kind, "locked") == 0) {
		lock_socket();
	} else if (strcmp(kind, "arguments") == 0) {
		hide_arguments(argv);
	} else if (strcmp(kind, "swap") == 0) {
		swap();
	} else if (strcmp(kind, "silent") == 0 && argc > 2) {
		mount_silent(argv[2]);
	} else if (strcmp(kind, "many") == 0 && argc > 2) {
		for (long i = strtol(argv[2], NULL, 10); i > 0; i--)
			listener(0);
		stay();
	}
	fprintf(stderr, "hold_strangely: what is \"%s\"?\n", kind);
	return 2;
}
