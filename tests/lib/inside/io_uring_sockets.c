/* SPDX-License-Identifier: MIT */
/*
 * io_uring_sockets PORT: two TCP sockets, the first made by io_uring's socket operation, the second
 * by socket(2); both are connected to PORT on the loopback by io_uring. Says "ready FIRST SECOND",
 * and stays until it is ended. Exit status: 77 when the kernel has no such operation, or denies it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

/* The kernel's numbers, which older headers lack: include/uapi/linux/io_uring.h, since 5.19. */
enum { OP_CONNECT = 16, OP_SOCKET = 45 };
enum { ENTRIES = 4, STATUS_DENIED = 77 };

static int ring;
static struct io_uring_params params;
static char *submission, *completion;
static struct io_uring_sqe *entries;

static _Noreturn void
deny(const char *what)
{
	fprintf(stderr, "io_uring_sockets: %s: %s\n", what, strerror(errno));
	exit(STATUS_DENIED);
}

static void *
map(size_t size, off_t offset)
{
	void *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, offset);

	if (start == MAP_FAILED)
		deny("mmap");
	return start;
}

static void
open_ring(void)
{
	ring = (int)syscall(SYS_io_uring_setup, ENTRIES, &params);
	if (ring == -1)
		deny("io_uring_setup");
	submission =
	    map(params.sq_off.array + params.sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
	completion = map(params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
	    IORING_OFF_CQ_RING);
	entries = map(params.sq_entries * sizeof(*entries), IORING_OFF_SQES);
}

static uint32_t *
word(char *start, uint32_t offset)
{
	return (uint32_t *)(void *)(start + offset);
}

/* One operation, and its result. */
static int
submit(const struct io_uring_sqe *operation)
{
	uint32_t *tail = word(submission, params.sq_off.tail);
	uint32_t at = *tail & *word(submission, params.sq_off.ring_mask);
	uint32_t *head = word(completion, params.cq_off.head);
	struct io_uring_cqe *results =
	    (struct io_uring_cqe *)(void *)(completion + params.cq_off.cqes);
	int result;

	entries[at] = *operation;
	word(submission, params.sq_off.array)[at] = at;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == -1)
		deny("io_uring_enter");
	result = results[*head & *word(completion, params.cq_off.ring_mask)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

static int
make_socket(void)
{
	struct io_uring_sqe operation = { .opcode = OP_SOCKET, .fd = AF_INET, .off = SOCK_STREAM };
	int fd = submit(&operation);

	if (fd < 0) {
		errno = -fd;
		deny("the socket operation");
	}
	return fd;
}

static void
connect_to(int fd, const struct sockaddr_in *address)
{
	struct io_uring_sqe operation = { .opcode = OP_CONNECT, .fd = fd };
	int result;

	operation.addr = (uint64_t)(uintptr_t)address;
	operation.off = sizeof(*address);
	result = submit(&operation);
	if (result < 0) {
		errno = -result;
		perror("io_uring_sockets: connect");
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int first, second;

	if (argc != 2) {
		fputs("usage: io_uring_sockets PORT\n", stderr);
		return 2;
	}
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)strtol(argv[1], NULL, 10));
	open_ring();
	first = make_socket();
	second = socket(AF_INET, SOCK_STREAM, 0);
	connect_to(first, &address);
	connect_to(second, &address);
	printf("slot f %d\nslot s %d\nready\n", first, second);
	fflush(stdout);
	for (;;)
		pause();
}
