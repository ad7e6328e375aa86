/* SPDX-License-Identifier: MIT */
#include "override.h"

#include <errno.h>
#include <string.h>

#include "decide.h"
#include "in_flight.h"
#include "mark.h"
#include "memory.h"
#include "tcp.h"

enum option_id
override_option(int level, int name)
{
	enum option_id option = 0;

	while (option < OPTION_COUNT &&
	       (option_table[option].name != name || option_table[option].level != level))
		option++;
	return name == 0 ? OPTION_COUNT : option;
}

/* The program's call, with its own value or another one. */
struct call {
	const struct loaded *loaded;
	int fd;
	enum option_id option;
	const void *value;
	socklen_t size;
};

static int
set(const struct call *call, const void *value, socklen_t size)
{
	const struct option_row *row = &option_table[call->option];

	return call->loaded->next.setsockopt(call->fd, row->level, row->name, value, size);
}

/*
 * The value that the program asks for, VALUE_UNSET where the kernel does not take it, whatever the
 * state of the socket, or takes it as something else.
 */
static int32_t
asked_value(const struct call *call)
{
	const struct option_row *row = &option_table[call->option];
	int asked;

	if (call->size < sizeof(asked) || call->size > INT32_MAX ||
	    !memory_is_readable(call->value, sizeof(asked)))
		return VALUE_UNSET;
	memcpy(&asked, call->value, sizeof(asked));
	if (call->option == OPTION_KEEPALIVE)
		return asked != 0;
	if (asked == 0 && row->zero)
		return 0;
	return asked >= row->min && asked <= row->max ? asked : VALUE_UNSET;
}

/*
 * Whether the value may be replaced on this descriptor. SO_KEEPALIVE exists on every socket, and is
 * replaced on TCP sockets only; a number that was not TCP when it was seen last is asked in the way
 * that fewest sandboxes mind. Level 6 is TCP's, and L2CAP's, which knows none of these names: the
 * kernel refuses the policy's value there as it does the program's.
 */
static bool
is_ours(const struct call *call, const struct record *record)
{
	if (call->option != OPTION_KEEPALIVE || record != NULL)
		return true;
	return (mark_of(call->fd) >= MARK_TCP || tcp_is_likely(call->fd)) &&
	       tcp_protocol(call->fd) > 0;
}

/*
 * The call on a socket under these settings. Where the policy's value takes the place of the
 * program's, there is no moment in which the program's holds. A value that the kernel takes as
 * something else is judged by the kernel first.
 */
static int
set_under(const struct call *call, const struct settings *settings, int32_t asked,
    const struct record *record)
{
	int saved = errno;
	int wanted = settings_choose(settings, call->option, asked);
	bool is_replaced =
	    settings->mode != MODE_SUGGEST && wanted != asked && is_ours(call, record);
	/* A 0 is taken by some sockets, and refused by others. */
	bool is_taken = asked != VALUE_UNSET && (asked != 0 || call->option == OPTION_KEEPALIVE);
	int result;

	errno = saved;
	if (is_replaced && is_taken)
		return set(call, &wanted, sizeof(wanted));
	result = set(call, call->value, call->size);
	if (is_replaced && result == 0) {
		set(call, &wanted, sizeof(wanted));
		errno = saved;
	}
	return result;
}

/*
 * In a program with rules that wait for connections. Another thread may decide for this connection
 * meanwhile, and set the option before we do: then it is set once more. decide_switch() says first
 * what it does.
 */
static int
set_recorded(const struct call *call, struct record *record, int32_t asked)
{
	int saved = errno;
	unsigned rule = record_rule(record), now;
	int result;

	if (asked != VALUE_UNSET)
		record_ask(record, call->option, asked);
	result = set_under(call, decide_settings(call->loaded, rule), asked, record);
	for (int again = 0; again < 3 && result == 0; again++) {
		now = record_rule(record);
		if (now == rule)
			break;
		rule = now;
		set_under(call, decide_settings(call->loaded, rule), asked, record);
		errno = saved;
	}
	return result;
}

int
override_setsockopt(
    const struct loaded *loaded, int fd, enum option_id option, const void *value, socklen_t size)
{
	const struct call call = { loaded, fd, option, value, size };
	const struct settings *settings = &loaded->settings;
	struct record *record = NULL;
	int saved = errno;
	int32_t asked;

	if (option == OPTION_RETRANSMIT_MAX)
		in_flight_asked();
	if (!load_waits(loaded) &&
	    (settings->mode == MODE_SUGGEST || settings->value[option] == VALUE_UNSET))
		return set(&call, value, size);
	asked = asked_value(&call);
	if (load_waits(loaded))
		record = record_of(fd);
	errno = saved;
	return record == NULL ? set_under(&call, settings, asked, NULL)
			      : set_recorded(&call, record, asked);
}
