/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <errno.h>

#include <netinet/tcp.h>

#include "adopt.h"
#include "decide.h"
#include "endpoint.h"
#include "in_flight.h"
#include "kernel.h"
#include "memory.h"
#include "report.h"

/* One call of connect(2) on a socket with a record. */
struct attempt {
	struct record *record;
	bool is_first;    /* there was no connection yet, nor one under way */
	unsigned rule;    /* before the call, */
	bool was_decided; /* as well */
};

/* Whether a TCP socket has no connection, and none is under way. */
static bool
is_unconnected(int fd)
{
	unsigned char state = 0; /* the first member of struct tcp_info */
	socklen_t size = sizeof(state);

	return kernel_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &size) == 0 &&
	       state == TCP_CLOSE;
}

/*
 * Decide before the call, since some options count for the handshake. Only a new connection: the
 * address says nothing about one that is there already.
 */
static struct attempt
begin_attempt(const struct loaded *loaded, int fd, const struct sockaddr *address, socklen_t size)
{
	struct attempt attempt = { .record = record_of(fd) };

	if (attempt.record == NULL)
		return attempt;
	attempt.rule = record_rule(attempt.record);
	attempt.was_decided = record_is_decided(attempt.record);
	attempt.is_first = is_unconnected(fd);
	if (attempt.is_first)
		decide_switch(loaded, fd, attempt.record,
		    decide_rule(loaded, fd, DIRECTION_CONNECT, address, size), true);
	return attempt;
}

static void
end_attempt(const struct loaded *loaded, int fd, const struct attempt *attempt, int result,
    const struct sockaddr *address, socklen_t size)
{
	bool is_made = result == 0 || errno == EINPROGRESS || errno == EINTR;
	bool is_under_way = is_made || errno == EALREADY;
	struct record *record = attempt->record;

	if (attempt->is_first && !is_made) {
		decide_switch(loaded, fd, record, attempt->rule, attempt->was_decided);
		return;
	}
	if (attempt->is_first && loaded->looks_at_local)
		/* Only now the kernel has chosen the own end. */
		decide_switch(loaded, fd, record,
		    decide_rule(loaded, fd, DIRECTION_CONNECT, address, size), true);
	else if (!attempt->is_first && !attempt->was_decided && is_under_way)
		/* A call that was not seen had begun it. */
		decide_switch(loaded, fd, record,
		    decide_rule(loaded, fd, DIRECTION_CONNECT,
			endpoint_remote(fd).known ? NULL : address, size),
		    true);
	if (is_made)
		report_socket(fd, loaded, record_rule(record), true);
}

void
connection_begun(
    const struct loaded *loaded, int fd, const struct sockaddr *address, socklen_t size)
{
	int saved = errno;

	if (!load_is_off(loaded))
		adopt_connection(loaded, fd, DIRECTION_CONNECT, address, size);
	errno = saved;
}

int
connection_connect(const struct loaded *loaded, int fd, const struct sockaddr *address,
    socklen_t size, enum mark mark)
{
	struct attempt attempt = { 0 };
	int saved = errno;
	int result;

	if (load_is_off(loaded) || mark == MARK_OTHER)
		return loaded->next.connect(fd, address, size);
	if (load_waits(loaded) && (mark == MARK_TCP || mark == MARK_CONNECTING))
		attempt = begin_attempt(loaded, fd, address, size);
	errno = saved;
	result = loaded->next.connect(fd, address, size);
	saved = errno;
	if (attempt.record != NULL)
		end_attempt(loaded, fd, &attempt, result, address, size);
	else if ((load_waits(loaded) || mark <= MARK_LOCAL) && connection_goes_on(result, address))
		connection_begun(loaded, fd, address, size);
	errno = saved;
	if (attempt.record != NULL || (mark >= MARK_TCP && !load_waits(loaded)))
		in_flight_connect(loaded, fd, result);
	return result;
}

/*
 * What the program gave for the address says that it is no connection of IPv4 or IPv6: then nothing
 * is asked of it. The buffer may be of any size, and is only looked at for one family.
 */
static bool
is_local(const struct sockaddr *address, const socklen_t *size)
{
	return address != NULL && size != NULL &&
	       memory_is_readable(address, sizeof(address->sa_family)) &&
	       address->sa_family == AF_UNIX;
}

/* The program's own settings of the listener are those of its connections, too. */
static void
decide_accepted(const struct loaded *loaded, int fd, int listener)
{
	const struct record *from = record_of(listener);
	struct record *record;
	struct settings asked;

	if (from == NULL) {
		adopt_connection(loaded, fd, DIRECTION_ACCEPT, NULL, 0);
		return;
	}
	asked = record_asked(from);
	record = record_new(fd);
	if (record == NULL)
		return;
	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		if (asked.value[option] != VALUE_UNSET)
			record_ask(record, option, asked.value[option]);
	decide_switch(loaded, fd, record, decide_rule(loaded, fd, DIRECTION_ACCEPT, NULL, 0), true);
	in_flight_accepted(loaded, fd, record);
	report_socket(fd, loaded, record_rule(record), true);
}

void
connection_accepted(const struct loaded *loaded, int fd, int listener, enum mark mark,
    const struct sockaddr *address, const socklen_t *size)
{
	int saved = errno;

	if (load_is_off(loaded)) {
		load_remember(loaded, fd, DIRECTION_ACCEPT);
		return;
	}
	/* This connection was there before its listener was brought in. */
	if (mark == MARK_UNKNOWN && !is_local(address, size) &&
	    adopt_listener(loaded, listener, true) >= MARK_TCP)
		mark = MARK_LATE;
	if (mark == MARK_LATE) {
		/* Unless the listener is MPTCP: the kernel does not pass a user timeout on. */
		if (adopt_accepted(loaded, fd) && mark_of(listener) == MARK_LATE &&
		    loaded->settings.value[OPTION_USER_TIMEOUT] == VALUE_UNSET)
			mark_put(listener, MARK_TCP);
	}
	if (mark == MARK_TCP || mark == MARK_LATE) {
		if (load_waits(loaded))
			decide_accepted(loaded, fd, listener);
		else
			report_socket(fd, loaded, 0, false);
	}
	errno = saved;
}
