/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <sys/socket.h>

#include "command.h"
#include "metrics.h"
#include "outside-json.h"
#include "outside-walk.h"
#include "status-table.h"
#include "tcp.h"

/* What was asked for on the command line. */
static struct {
	const char *conf;
	bool only_unprotected, is_json, is_metrics;
} asked;

struct status_output {
	struct metrics metrics;
	struct table table;
	struct json json;
	size_t shown, unprotected;
};

static void
put_options(struct json *json, const char *prefix, const struct settings *settings)
{
	for (int i = 0; i < STATUS_OPTIONS; i++) {
		char room[80];
		struct text key = text_in(room, sizeof(room));

		text_put(&key, prefix);
		text_put(&key, option_table[status_options[i]].key);
		json_option(json, room, status_options[i], settings->value[status_options[i]]);
	}
	json_option(json, *prefix == '\0' ? "retransmit_max" : "wanted_retransmit_max",
	    OPTION_RETRANSMIT_MAX, settings->value[OPTION_RETRANSMIT_MAX]);
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

static int64_t
unless_unknown(int64_t time)
{
	return time == -1 ? JSON_NULL : time;
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
	json_number(json, "dead_after", unless_unknown(status_dead_after(finding)));
	json_number(json, "in_flight_after", unless_unknown(status_in_flight_after(finding)));
	json_milliseconds(json, "next_probe", unless_unknown(socket->next_probe));
	if (finding->knows_shim)
		json_boolean(json, "shim", finding->has_shim);
	else
		json_null(json, "shim");
	put_verdict(json, &finding->verdict);
	json_string(json, "note", finding->note);
}

static void
count_finding(struct metrics *metrics, const struct finding *finding)
{
	int32_t keepalive = finding->socket.have.value[OPTION_KEEPALIVE];
	int state = finding->socket.state;

	if (finding->kind == FINDING_PROCESS) {
		metrics->unreadable++;
		return;
	}
	metrics->sockets[state > 0 && state < METRICS_STATES ? state : 0]
			[keepalive == 1      ? METRICS_ON
			    : keepalive == 0 ? METRICS_OFF
					     : METRICS_UNKNOWN]++;
	metrics->unprotected += finding->verdict.standing == STANDING_UNPROTECTED;
}

static void
show(const struct finding *finding, void *context)
{
	struct status_output *output = context;
	bool is_unprotected = finding->verdict.standing == STANDING_UNPROTECTED;

	output->unprotected += is_unprotected;
	if (asked.is_metrics) {
		count_finding(&output->metrics, finding);
		return;
	}
	if (asked.only_unprotected && !is_unprotected)
		return;
	output->shown++;
	if (asked.is_json)
		put_object(&output->json, finding);
	else
		status_add_row(&output->table, finding);
}

static void
print_metrics(struct metrics *metrics, bool policy_good)
{
	int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	metrics->policy_good = policy_good;
	if (self != -1 && netns_inode(self) != 0)
		metrics_add_kernel(metrics, self, netns_inode(self));
	if (self != -1)
		close(self);
	metrics_print(metrics, stdout);
	metrics_free(metrics);
}

static void
print(struct status_output *output, bool policy_good)
{
	struct terminal terminal = terminal_of(STDOUT_FILENO);

	if (asked.is_metrics)
		print_metrics(&output->metrics, policy_good);
	else if (asked.is_json)
		json_end(&output->json);
	else if (output->shown != 0)
		table_print(&output->table, stdout, &terminal);
	else
		fputs(asked.only_unprotected ? "kashim: no TCP socket is unprotected\n"
					     : "kashim: no TCP sockets\n",
		    stderr);
}

static int
run_status(int count, char **operands)
{
	struct status_output output = { .table = status_table() };
	struct walk walk = { 0 };
	bool good;

	(void)count;
	if (asked.is_json && asked.is_metrics) {
		fputs("kashim: --json and --metrics are two forms, choose one\n", stderr);
		return command_usage();
	}
	walk.policies.conf = asked.conf;
	/* What sockets have is worth knowing, also while the configuration is in error. */
	if (!policies_open(&walk.policies))
		fputs("kashim: so what the policy wants is not known\n", stderr);
	if (asked.is_json)
		output.json = json_begin(stdout);
	good = walk_sockets(&walk, operands, show, &output);
	print(&output, walk.policies.good);
	walk_report(&walk);
	walk_free(&walk);
	table_free(&output.table);
	if (asked.only_unprotected && output.unprotected != 0)
		good = false;
	return good ? STATUS_GOOD : STATUS_FAILED;
}

static const struct command_option status_rows[] = {
	{ "unprotected", NULL, "show only sockets that lack what the policy wants",
	    .flag = &asked.only_unprotected },
	COMMAND_JSON(&asked.is_json),
	{ "metrics", NULL, "print numbers for Prometheus, see kashim-watch(8)",
	    .flag = &asked.is_metrics },
	COMMAND_CONF(&asked.conf),
	COMMAND_LAST,
};

const struct command command_status = {
	.name = "status",
	.summary = "the TCP sockets of running processes, and what they lack",
	.run = run_status,
	.options = status_rows,
	.operands = "[PID | PROCESS]...",
	.description =
	    "Show the TCP sockets of running processes with the options that they really have, when the\n"
	    "next probe is due, and what the policy would change. PROCESS is the name of a program, or a\n"
	    "shell pattern for it; without operands, all sockets are shown. What may not be looked at is\n"
	    "shown as ?.",
	.exit_status =
	    "0; 1 when --unprotected found some, or there is no such process; 2 wrong usage.",
};
