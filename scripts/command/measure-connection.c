/* SPDX-License-Identifier: MIT */
#include "measure-connection.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/syscall.h>

/*
 * The start of what TCP_INFO gives, struct tcp_info of linux/tcp.h: libc's own ends before the
 * numbers of segments, which came with Linux 4.2.
 */
struct tcp_numbers {
	uint8_t state, of_no_use[7];
	uint32_t also[15];
	uint32_t round_trip; /* microseconds */
	uint32_t more[8];
	uint64_t rates[2], bytes[2];
	uint32_t sent, received;
};

_Static_assert(offsetof(struct tcp_numbers, round_trip) == 68, "tcpi_rtt");
_Static_assert(offsetof(struct tcp_numbers, sent) == 136, "tcpi_segs_out");

static int
set(const struct connection *connection, int level, int name, int value)
{
	return (int)syscall(SYS_setsockopt, connection->fd, level, name, &value, sizeof(value));
}

static void
read_numbers(struct connection *connection)
{
	struct tcp_numbers numbers = { 0 };
	socklen_t size = sizeof(numbers);

	if (syscall(SYS_getsockopt, connection->fd, IPPROTO_TCP, TCP_INFO, &numbers, &size) != 0)
		return;
	connection->new_sent = numbers.sent - connection->sent;
	connection->new_received = numbers.received - connection->received;
	connection->sent = numbers.sent;
	connection->received = numbers.received;
	if (connection->round_trip == 0)
		connection->round_trip = numbers.round_trip / 1000 + 1;
}

void
connection_begin(struct connection *connection, const struct target *target, int64_t patience_ends)
{
	const struct addrinfo *to = target->chosen;
	const struct addrinfo *from = target->local;

	*connection =
	    (struct connection){ .state = CONNECTION_CONNECTING, .patience_ends = patience_ends };
	connection->fd = (int)syscall(
	    SYS_socket, to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (connection->fd == -1 ||
	    (from != NULL &&
		syscall(SYS_bind, connection->fd, from->ai_addr, from->ai_addrlen) != 0) ||
	    (syscall(SYS_connect, connection->fd, to->ai_addr, to->ai_addrlen) != 0 &&
		errno != EINPROGRESS))
		connection_end(connection, errno);
}

short
connection_events(const struct connection *connection)
{
	return connection->state == CONNECTION_CONNECTING ? POLLOUT : POLLIN | POLLRDHUP;
}

/* What the server says does not matter, and must not fill up. */
static void
drain(struct connection *connection)
{
	char room[4096];

	for (int i = 0; i < 16; i++) {
		ssize_t size = recv(connection->fd, room, sizeof(room), MSG_DONTWAIT);

		connection->spoke |= size > 0;
		if (size > 0)
			continue;
		if (size == 0)
			connection_end(connection, 0);
		else if (errno != EAGAIN && errno != EINTR)
			connection_end(connection, errno);
		return;
	}
}

void
connection_look(struct connection *connection, short events, int64_t now)
{
	socklen_t size = sizeof(int);
	int error = 0;

	connection->spoke = false;
	connection->new_sent = connection->new_received = 0;
	if (connection->state != CONNECTION_CONNECTING && connection->state != CONNECTION_OPEN)
		return;
	if (connection->state == CONNECTION_CONNECTING) {
		if (events == 0 && now > connection->patience_ends)
			connection_end(connection, ETIMEDOUT);
		if (events == 0)
			return;
		if (syscall(SYS_getsockopt, connection->fd, SOL_SOCKET, SO_ERROR, &error, &size) !=
		    0)
			error = errno;
		if (error != 0) {
			connection_end(connection, error);
			return;
		}
		connection->state = CONNECTION_OPEN;
	}
	read_numbers(connection);
	if (events != 0)
		drain(connection);
}

void
connection_local(const struct connection *connection, char name[TARGET_NAME_SIZE])
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);

	getsockname(connection->fd, (struct sockaddr *)&address, &size);
	if (address.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&address)->sin6_port = 0;
	else
		((struct sockaddr_in *)&address)->sin_port = 0;
	target_name((struct sockaddr *)&address, size, name);
}

void
connection_probe(struct connection *connection)
{
	/* Its own times are no times in which it would send another one. */
	set(connection, IPPROTO_TCP, TCP_KEEPINTVL, 600);
	set(connection, IPPROTO_TCP, TCP_KEEPCNT, 127);
	set(connection, SOL_SOCKET, SO_KEEPALIVE, 1);
	/*
	 * The kernel starts its timer anew, minus the silence so far: nothing is left of a second.
	 */
	set(connection, IPPROTO_TCP, TCP_KEEPIDLE, 1);
}

void
connection_be_silent(struct connection *connection)
{
	set(connection, SOL_SOCKET, SO_KEEPALIVE, 0);
}

void
connection_keepalive(struct connection *connection, int idle, int interval, int count)
{
	set(connection, IPPROTO_TCP, TCP_KEEPINTVL, interval);
	set(connection, IPPROTO_TCP, TCP_KEEPCNT, count);
	set(connection, SOL_SOCKET, SO_KEEPALIVE, 1);
	set(connection, IPPROTO_TCP, TCP_KEEPIDLE, idle);
}

void
connection_end(struct connection *connection, int error)
{
	if (connection->state != CONNECTION_CONNECTING && connection->state != CONNECTION_OPEN)
		return;
	if (connection->fd != -1)
		close(connection->fd);
	connection->fd = -1;
	connection->state = CONNECTION_ENDED;
	connection->error = error;
}
