/* SPDX-License-Identifier: MIT */
#include "outside-socket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "allocate.h"
#include "apply.h"
#include "endpoint.h"
#include "tcp.h"

/* Older headers of libc do not have it: linux 5.6. */
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

struct descriptor {
	int fd;
	uint64_t inode;
};

static const char *const state_names[] = {
	[0] = "?",
	[TCP_ESTABLISHED] = "established",
	[TCP_SYN_SENT] = "syn_sent",
	[TCP_SYN_RECV] = "syn_recv",
	[TCP_FIN_WAIT1] = "fin_wait1",
	[TCP_FIN_WAIT2] = "fin_wait2",
	[TCP_TIME_WAIT] = "time_wait",
	[TCP_CLOSE] = "close",
	[TCP_CLOSE_WAIT] = "close_wait",
	[TCP_LAST_ACK] = "last_ack",
	[TCP_LISTEN] = "listen",
	[TCP_CLOSING] = "closing",
};

const char *
socket_state_name(int state)
{
	if (state < 0 || (size_t)state >= sizeof(state_names) / sizeof(*state_names))
		return "?";
	return state_names[state];
}

static int
by_inode(const void *a, const void *b)
{
	const struct descriptor *first = a;
	const struct descriptor *second = b;

	if (first->inode != second->inode)
		return first->inode < second->inode ? -1 : 1;
	return first->fd - second->fd;
}

static int
by_fd(const void *a, const void *b)
{
	const struct descriptor *first = a;
	const struct descriptor *second = b;

	return first->fd - second->fd;
}

/* Of the descriptors of one socket the lowest stays. */
static size_t
take_out_copies(struct descriptor *descriptors, size_t count)
{
	size_t kept = 0;

	if (count == 0)
		return 0;
	qsort(descriptors, count, sizeof(*descriptors), by_inode);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || descriptors[i].inode != descriptors[i - 1].inode)
			descriptors[kept++] = descriptors[i];
	qsort(descriptors, kept, sizeof(*descriptors), by_fd);
	return kept;
}

/* The sockets among the descriptors of a process. Returns 0 or an errno. */
static int
find_descriptors(const struct process *process, struct descriptor **found, size_t *count)
{
	int fd = openat(process->directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	*found = NULL;
	*count = 0;
	if (directory == NULL)
		return errno;
	while ((entry = readdir(directory)) != NULL) {
		struct descriptor descriptor = { .fd = (int)strtol(entry->d_name, NULL, 10) };
		char target[40];
		ssize_t size = readlinkat(fd, entry->d_name, target, sizeof(target) - 1);

		if (size == -1)
			continue;
		target[size] = '\0';
		if (strncmp(target, "socket:[", 8) != 0)
			continue;
		descriptor.inode = strtoull(target + 8, NULL, 10);
		if ((*count & (*count - 1)) == 0)
			*found = allocate_or_exit(
			    *found, (*count == 0 ? 1 : 2 * *count) * sizeof(**found));
		(*found)[(*count)++] = descriptor;
	}
	closedir(directory);
	*count = take_out_copies(*found, *count);
	return 0;
}

/*
 * When the kernel sends the next probe: not before the connection was silent for `idle`, and not
 * before the timer fires, which may have been started later: net/ipv4/tcp_timer.c,
 * tcp_keepalive_timer(). While data are in flight there are no probes.
 */
static int64_t
next_probe(
    const struct outside_socket *socket, const struct tcp_info *info, const struct listed *listed)
{
	uint32_t silent = info->tcpi_last_ack_recv;
	int64_t due;

	if (socket->listens || socket->have.value[OPTION_KEEPALIVE] != 1 ||
	    socket->have.value[OPTION_IDLE] == VALUE_UNSET || !socket->remote.known ||
	    info->tcpi_unacked != 0)
		return -1;
	if (info->tcpi_last_data_recv < silent)
		silent = info->tcpi_last_data_recv;
	due = (int64_t)socket->have.value[OPTION_IDLE] * 1000 - silent;
	if (listed != NULL && listed->timer > due)
		due = listed->timer;
	return due < 0 ? -1 : due;
}

static void
read_socket(struct outside_socket *socket, const struct netns *netns, uint64_t inode)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);
	socklen_t family_size = sizeof(socket->family);

	getsockopt(socket->copy, SOL_SOCKET, SO_DOMAIN, &socket->family, &family_size);
	socket->listens = tcp_listens(socket->copy);
	socket->local = endpoint_local(socket->copy);
	socket->remote = endpoint_remote(socket->copy);
	socket->have = apply_read(socket->copy);
	socket->defaults = &netns->defaults;
	if (getsockopt(socket->copy, IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
		socket->state = info.tcpi_state;
	socket->next_probe = next_probe(socket, &info, netns_find(netns, inode));
	if (!socket->listens && socket->remote.known)
		socket->direction =
		    netns_listens(netns, &socket->local) ? DIRECTION_ACCEPT : DIRECTION_CONNECT;
}

struct outside_socket
socket_listed(const struct listed *listed)
{
	return (struct outside_socket){
		.fd = -1,
		.copy = -1,
		.family = listed->family,
		.state = listed->state,
		.listens = listed->state == TCP_LISTEN,
		.local = listed->local,
		.remote = listed->remote,
		.have = settings_unset(),
		.next_probe = -1,
	};
}

/* Returns 0 or an errno. */
static int
visit_one(const struct process *process, struct netns *netns, const struct descriptor *descriptor,
    visit_socket *visit, void *context)
{
	const struct listed *listed = netns_find(netns, descriptor->inode);
	struct outside_socket socket = { .fd = descriptor->fd };
	int why = 0;

	netns_mark(netns, descriptor->inode);
	socket.copy = (int)syscall(SYS_pidfd_getfd, process->pidfd, descriptor->fd, 0U);
	if (socket.copy == -1) {
		why = errno;
		if (why == EBADF || why == ESRCH)
			return 0;
		if (listed == NULL)
			return why;
		socket = socket_listed(listed);
		socket.fd = descriptor->fd;
	} else {
		socket.protocol = tcp_protocol(socket.copy);
		if (socket.protocol <= 0) {
			close(socket.copy);
			return 0;
		}
		read_socket(&socket, netns, descriptor->inode);
	}
	visit(&socket, context);
	if (socket.copy != -1)
		close(socket.copy);
	return why;
}

int
sockets_visit(
    const struct process *process, struct netns *netns, visit_socket *visit, void *context)
{
	struct descriptor *descriptors;
	size_t count;
	int why = find_descriptors(process, &descriptors, &count);

	for (size_t i = 0; i < count; i++) {
		int failed = visit_one(process, netns, &descriptors[i], visit, context);

		why = why == 0 ? failed : why;
	}
	free(descriptors);
	/* Who has ended may not be looked at any more, but that is no matter of permission. */
	return why != 0 && process_has_ended(process) ? 0 : why;
}
