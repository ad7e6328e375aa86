/* SPDX-License-Identifier: MIT */
#include "outside-socket.h"

#include <errno.h>
#include <unistd.h>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "apply.h"
#include "endpoint.h"
#include "outside-enter.h"
#include "tcp.h"

/* Older headers of libc do not have it: linux 5.6. */
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

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
	static struct settings unknown;

	unknown = settings_unset();
	getsockopt(socket->copy, SOL_SOCKET, SO_DOMAIN, &socket->family, &family_size);
	socket->listens = tcp_listens(socket->copy);
	socket->local = endpoint_local(socket->copy);
	socket->remote = endpoint_remote(socket->copy);
	socket->have = apply_read(socket->copy);
	socket->defaults = netns == NULL ? &unknown : &netns->defaults;
	if (getsockopt(socket->copy, IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
		socket->state = info.tcpi_state;
	socket->next_probe = next_probe(
	    socket, &info, netns == NULL ? NULL : listed_find(netns->listed, netns->count, inode));
	if (!socket->listens && socket->remote.known)
		socket->direction =
		    netns_listens(netns, &socket->local) ? DIRECTION_ACCEPT : DIRECTION_CONNECT;
}

struct outside_socket
socket_listed(const struct listed *listed)
{
	return (struct outside_socket){
		.fd = -1,
		.inode = listed->inode,
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

/*
 * The network namespace of the socket, which need not be that of the process, among those that were
 * met. Where sockets do not tell, that of the process it is.
 */
static struct netns *
find_netns(struct netns *met, int copy, int directory)
{
	uint64_t cookie = enter_cookie(copy), inode = netns_inode(directory);

	for (struct netns *netns = met; cookie != 0 && netns != NULL; netns = netns->next)
		if (netns->cookie == cookie)
			return netns;
	while (met != NULL && (met->inode != inode || (cookie != 0 && met->cookie != 0)))
		met = met->next;
	return met;
}

/* Whether it is a socket, and the one that was found: descriptors get new meanings. */
static bool
is_still(int copy, uint64_t inode)
{
	struct stat stat;

	return fstat(copy, &stat) == 0 && S_ISSOCK(stat.st_mode) && stat.st_ino == inode;
}

static int
open_listed(struct outside_socket *socket, struct netns *met, const struct held *held, int why)
{
	for (const struct netns *netns = met; netns != NULL; netns = netns->next) {
		const struct listed *listed = listed_find(netns->listed, netns->count, held->inode);

		if (listed == NULL)
			continue;
		*socket = socket_listed(listed);
		socket->fd = held->fd;
		return why;
	}
	/* Most sockets are none of TCP. */
	return EBADF;
}

int
socket_open(struct outside_socket *socket, const struct process *process, struct netns *met,
    const struct held *held)
{
	*socket = (struct outside_socket){ .fd = held->fd, .inode = held->inode };
	socket->copy = (int)syscall(SYS_pidfd_getfd, process->pidfd, held->fd, 0U);
	if (socket->copy == -1) {
		int why = errno == ESRCH || process_has_ended(process) ? EBADF : errno;

		return why == EBADF ? EBADF : open_listed(socket, met, held, why);
	}
	if (is_still(socket->copy, held->inode)) {
		socket->protocol = tcp_protocol(socket->copy);
		if (socket->protocol > 0) {
			read_socket(
			    socket, find_netns(met, socket->copy, process->directory), held->inode);
			return 0;
		}
	}
	socket_close(socket);
	return EBADF;
}

void
socket_close(struct outside_socket *socket)
{
	if (socket->copy != -1)
		close(socket->copy);
	socket->copy = -1;
}
