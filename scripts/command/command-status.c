/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <unistd.h>

#include <sys/socket.h>

#include "address.h"
#include "command.h"
#include "outside-json.h"
#include "outside-walk.h"
#include "table.h"
#include "tcp.h"

struct status_output {
	bool only_unprotected;
	bool is_json;
	struct table table;
	struct json json;
	size_t shown, unprotected;
};

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
	[COLUMN_NEXT_PROBE] = ">NEXT_PROBE",
	[COLUMN_NOTE] = "<NOTE",
};

/* What status shows of a socket's options, in the order of the columns. */
static const enum option_id shown_options[] = {
	OPTION_KEEPALIVE,
	OPTION_IDLE,
	OPTION_INTERVAL,
	OPTION_PROBES,
	OPTION_USER_TIMEOUT,
};

enum { SHOWN_OPTIONS = sizeof(shown_options) / sizeof(shown_options[0]) };

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

static void
add_row(struct status_output *output, const struct finding *finding)
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
	for (int i = 0; i < SHOWN_OPTIONS; i++)
		put_value(&text[COLUMN_KEEPALIVE + i], finding, shown_options[i]);
	put_next_probe(&text[COLUMN_NEXT_PROBE], finding);
	table_add(&output->table, cells, finding->verdict.standing == STANDING_UNPROTECTED);
}

static void
put_options(struct json *json, const char *prefix, const struct settings *settings)
{
	for (int i = 0; i < SHOWN_OPTIONS; i++) {
		char room[CELL_LONGEST];
		struct text key = text_in(room, sizeof(room));

		text_put(&key, prefix);
		text_put(&key, verdict_option_name(shown_options[i]));
		outside_json_value(json, room, shown_options[i], settings->value[shown_options[i]]);
	}
}

static void
put_verdict(struct json *json, const struct verdict *verdict)
{
	bool is_known = verdict->wanted.mode != MODE_UNSET;
	struct settings nothing = settings_unset();

	json_string(json, "mode", is_known ? mode_name(verdict->wanted.mode) : NULL);
	json_place(json, "rule_file", "rule_line", verdict->file, verdict->line_number);
	put_options(
	    json, "wanted_", verdict->wanted.mode == MODE_OFF ? &nothing : &verdict->wanted);
	if (verdict->standing == STANDING_PROTECTED || verdict->standing == STANDING_UNPROTECTED)
		json_boolean(json, "protected", verdict->standing == STANDING_PROTECTED);
	else
		json_null(json, "protected");
}

static const char *
family_name(int family)
{
	return family == AF_INET ? "inet" : family == AF_INET6 ? "inet6" : NULL;
}

static const char *
protocol_name(int protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : protocol == IPPROTO_MPTCP ? "mptcp" : NULL;
}

static void
put_object(struct json *json, const struct finding *finding)
{
	const struct outside_socket *socket = &finding->socket;

	json_object(json);
	outside_json_name(json, finding);
	json_string(json, "family", family_name(socket->family));
	json_string(json, "protocol", protocol_name(socket->protocol));
	json_string(json, "state", socket->state == 0 ? NULL : socket_state_name(socket->state));
	json_string(json, "direction",
	    socket->direction == DIRECTION_ANY ? NULL : direction_names[socket->direction]);
	put_options(json, "", &socket->have);
	if (socket->next_probe == -1)
		json_null(json, "next_probe");
	else
		json_milliseconds(json, "next_probe", socket->next_probe);
	if (finding->knows_shim)
		json_boolean(json, "shim", finding->has_shim);
	else
		json_null(json, "shim");
	put_verdict(json, &finding->verdict);
	json_string(json, "note", finding->note);
}

static void
show(const struct finding *finding, void *context)
{
	struct status_output *output = context;
	bool is_unprotected = finding->verdict.standing == STANDING_UNPROTECTED;

	output->unprotected += is_unprotected;
	if (output->only_unprotected && !is_unprotected)
		return;
	output->shown++;
	if (output->is_json)
		put_object(&output->json, finding);
	else
		add_row(output, finding);
}

static void
print(struct status_output *output)
{
	struct terminal terminal = terminal_of(STDOUT_FILENO);

	if (output->is_json)
		json_end(&output->json);
	else if (output->shown != 0)
		table_print(&output->table, stdout, &terminal);
	else
		fputs(output->only_unprotected ? "kashim: no TCP socket is unprotected\n"
					       : "kashim: no TCP sockets\n",
		    stderr);
}

static int
run_status(int argc, char **argv)
{
	struct status_output output = { .table = table_of(titles) };
	struct walk walk = { 0 };
	int letter;
	bool good;

	while ((letter = command_option(argc, argv)) != -1) {
		if (letter == 'u')
			output.only_unprotected = true;
		else if (letter == 'j')
			output.is_json = true;
		else if (letter == 'c')
			walk.policies.conf = optarg;
		else
			return STATUS_USAGE;
	}
	/* What sockets have is worth knowing, also while the configuration is in error. */
	if (!policies_open(&walk.policies))
		fputs("kashim: so what the policy wants is not known\n", stderr);
	if (output.is_json)
		output.json = json_begin(stdout);
	good = walk_sockets(&walk, argv + optind, show, &output);
	print(&output);
	walk_report(&walk);
	walk_free(&walk);
	table_free(&output.table);
	if (output.only_unprotected && output.unprotected != 0)
		good = false;
	return good ? STATUS_GOOD : STATUS_FAILED;
}

static const struct command_option status_rows[] = {
	{ 'u', "unprotected", NULL, "show only sockets that lack what the policy wants" },
	COMMAND_JSON,
	COMMAND_CONF,
	COMMAND_LAST,
};

const struct command command_status = {
	.name = "status",
	.summary = "the TCP sockets of running processes, and what they lack",
	.run = run_status,
	.options = status_rows,
	.operands = "[PID | PROCESS]...",
	.description = "Show the TCP sockets of running processes with the options that they "
		       "really have, when the\n"
		       "next probe is due, and what the policy would change. PROCESS is the name "
		       "of a program, or a\n"
		       "shell pattern for it; without operands, all sockets are shown. What may "
		       "not be looked at is\n"
		       "shown as ?.",
	.exit_status =
	    "0; 1 when --unprotected found some, or there is no such process; 2 wrong usage.",
};
