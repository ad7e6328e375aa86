/* SPDX-License-Identifier: MIT */
#include "status-table.h"

#include <netinet/in.h>

#include "address.h"
#include "retransmit.h"

enum column {
	COLUMN_PID,
	COLUMN_PROGRAM,
	COLUMN_LOCAL,
	COLUMN_PEER,
	COLUMN_STATE,
	COLUMN_KEEPALIVE,
	COLUMN_IDLE,
	COLUMN_INTERVAL,
	COLUMN_PROBES,
	COLUMN_USER_TIMEOUT,
	COLUMN_DEAD,
	COLUMN_IN_FLIGHT,
	COLUMN_NEXT_PROBE,
	COLUMN_NOTE,
	COLUMN_COUNT,
};

static const char *const titles[COLUMN_COUNT + 1] = {
	[COLUMN_PID] = ">PID",
	[COLUMN_PROGRAM] = "<PROGRAM",
	[COLUMN_LOCAL] = "<LOCAL",
	[COLUMN_PEER] = "<PEER",
	[COLUMN_STATE] = "<STATE",
	[COLUMN_KEEPALIVE] = "<KEEPALIVE",
	[COLUMN_IDLE] = ">IDLE",
	[COLUMN_INTERVAL] = ">INTERVAL",
	[COLUMN_PROBES] = ">COUNT",
	[COLUMN_USER_TIMEOUT] = ">USER_TIMEOUT",
	[COLUMN_DEAD] = ">DEAD",
	[COLUMN_IN_FLIGHT] = ">IN_FLIGHT",
	[COLUMN_NEXT_PROBE] = ">NEXT_PROBE",
	[COLUMN_NOTE] = "<NOTE",
};

const enum option_id status_options[STATUS_OPTIONS] = {
	OPTION_KEEPALIVE,
	OPTION_IDLE,
	OPTION_INTERVAL,
	OPTION_PROBES,
	OPTION_USER_TIMEOUT,
};

enum { CELL_LONGEST = 80 };

/* "?" where the whole socket is unknown, "-" where there is no such end. */
static void
put_endpoint(struct text *text, const struct outside_socket *socket,
    const struct endpoint *endpoint, bool exists)
{
	if (socket->state == 0)
		text_put(text, "?");
	else if (exists)
		address_put_endpoint(text, endpoint);
	else
		text_put(text, "-");
}

static void
put_next_probe(struct text *text, const struct finding *finding)
{
	const struct outside_socket *socket = &finding->socket;

	if (!finding->is_read)
		text_put(text, "?");
	else if (socket->next_probe == -1)
		text_put(text, "-");
	else {
		text_put_number(text, (socket->next_probe + 999) / 1000);
		text_put(text, "s");
	}
}

/* MPTCP has no user timeout: "-". */
static void
put_value(struct text *text, const struct finding *finding, enum option_id option)
{
	int32_t value = finding->socket.have.value[option];

	if (finding->is_read && value == VALUE_UNSET)
		text_put(text, "-");
	else
		verdict_put_value(text, option, value);
}

/* When silence ends the connection, and data in flight do, by what the socket has. */
static void
put_times(struct text *dead, struct text *in_flight, const struct finding *finding)
{
	int64_t after = status_dead_after(finding), later = status_in_flight_after(finding);

	if (!finding->is_read) {
		text_put(dead, "?");
		text_put(in_flight, "?");
		return;
	}
	if (after == -1)
		text_put(dead, "never");
	else
		text_put_duration(dead, after);
	if (later == -1)
		text_put(in_flight, "-");
	else
		text_put_duration(in_flight, later);
}

int64_t
status_dead_after(const struct finding *finding)
{
	const struct settings *have = &finding->socket.have;

	return have->value[OPTION_KEEPALIVE] == 1 && have->value[OPTION_IDLE] != VALUE_UNSET
		   ? settings_dead_after(have)
		   : -1;
}

int64_t
status_in_flight_after(const struct finding *finding)
{
	const struct settings *have = &finding->socket.have;

	if (!finding->is_read || finding->socket.protocol != IPPROTO_TCP)
		return -1;
	return retransmit_about(settings_in_flight_after(have, RETRANSMIT_RETRIES));
}

void
status_add_row(struct table *table, const struct finding *finding)
{
	const struct outside_socket *socket = &finding->socket;
	char room[COLUMN_NOTE][CELL_LONGEST];
	struct text text[COLUMN_NOTE];
	const char *cells[COLUMN_COUNT];

	for (int i = 0; i < COLUMN_NOTE; i++) {
		text[i] = text_in(room[i], sizeof(room[i]));
		cells[i] = room[i];
	}
	cells[COLUMN_PROGRAM] = finding->pid == 0 ? "?" : finding->program;
	cells[COLUMN_NOTE] = finding->note;
	if (finding->pid == 0)
		text_put(&text[COLUMN_PID], "?");
	else
		text_put_number(&text[COLUMN_PID], finding->pid);
	put_endpoint(&text[COLUMN_LOCAL], socket, &socket->local, socket->local.port != 0);
	put_endpoint(&text[COLUMN_PEER], socket, &socket->remote, socket->remote.known);
	text_put(&text[COLUMN_STATE], socket_state_name(socket->state));
	for (int i = 0; i < STATUS_OPTIONS; i++)
		put_value(&text[COLUMN_KEEPALIVE + i], finding, status_options[i]);
	put_times(&text[COLUMN_DEAD], &text[COLUMN_IN_FLIGHT], finding);
	put_next_probe(&text[COLUMN_NEXT_PROBE], finding);
	table_add(table, cells, finding->verdict.standing == STANDING_UNPROTECTED);
}

struct table
status_table(void)
{
	return table_of(titles);
}
