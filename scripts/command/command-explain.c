/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "address.h"
#include "command.h"
#include "explanation.h"
#include "outside-launcher.h"
#include "profile.h"

/*
 * What the KASHIM variable says, which stands in front of all rules. Null where there is none, or a
 * wrong one.
 */
static const char *
line_variable(const struct policy *policy, const struct rule *rule, struct settings *settings)
{
	const char *line = getenv("KASHIM");
	char message[600];
	struct text error = text_in(message, sizeof(message));
	struct settings read;

	if (line == NULL || *line == '\0')
		return NULL;
	if (profile_read_line(policy, line, &read, &error)) {
		*settings = profile_obey_line(policy, rule, &read);
		return settings->mode == MODE_OFF && read.mode == MODE_UNSET ? NULL : line;
	}
	fprintf(stderr, "kashim: KASHIM is ignored: %s\n", message);
	return NULL;
}

/* What was asked for on the command line. */
static struct {
	struct facts connection;
	const char *conf;
	bool only_reach, verbose, is_json;
} asked;

static void
answer(const struct configuration *configuration, const struct program *program,
    const struct facts *facts)
{
	struct explanation explanation = {
		.policy = build_policy(&configuration->build),
		.program = program,
		.facts = facts,
		.host = host_tcp(),
		.exists = configuration->exists,
		.verbose = asked.verbose,
	};
	struct text why = text_in(explanation.why, sizeof(explanation.why));

	explanation.rule = policy_match(&explanation.policy, facts);
	explanation.settings = explanation.policy.settings[explanation.rule->settings];
	explanation.line =
	    line_variable(&explanation.policy, explanation.rule, &explanation.settings);
	explanation.reached = program_is_reached(program, &why);
	settings_resolve(&explanation.settings, explanation.policy.retries);
	if (asked.is_json)
		explanation_put(&explanation);
	else
		explanation_print(&explanation);
}

static bool
read_endpoint(const char *text, struct endpoint *endpoint)
{
	char message[300];
	struct text error = text_in(message, sizeof(message));

	if (address_read_endpoint(text, endpoint, &error))
		return true;
	fprintf(stderr, "kashim: %s\n", message);
	return false;
}

static int
explain_policy(const struct program *program)
{
	struct configuration configuration;
	struct facts facts = program_facts(program);
	bool good = command_read("", command_conf(asked.conf), &configuration);

	facts.direction = asked.connection.direction;
	facts.remote = asked.connection.remote;
	facts.local = asked.connection.local;
	if (good)
		answer(&configuration, program, &facts);
	configuration_free(&configuration);
	return good ? STATUS_GOOD : STATUS_FAILED;
}

static int
explain_reach(const struct program *program)
{
	char message[600];
	struct text why = text_in(message, sizeof(message));

	launcher_warn(program);
	if (!program_is_reached(program, &why)) {
		program_print_unreached(program, message, true);
		return STATUS_FAILED;
	}
	printf("%s: %s\n", program->image, message);
	return STATUS_GOOD;
}

static int
explain(char **arguments)
{
	struct program program;
	char message[600];
	struct text error = text_in(message, sizeof(message));
	int status = program_find(arguments, &program, &error);

	if (status != 0)
		fprintf(stderr, "kashim: %s\n", message);
	else if (asked.only_reach)
		status = explain_reach(&program);
	else
		status = explain_policy(&program);
	program_free(&program);
	return status;
}

static bool
take_connect(const char *value)
{
	asked.connection.direction = DIRECTION_CONNECT;
	return read_endpoint(value, &asked.connection.remote);
}

static bool
take_accept(const char *value)
{
	asked.connection.direction = DIRECTION_ACCEPT;
	return read_endpoint(value, &asked.connection.remote);
}

static bool
take_local(const char *value)
{
	return read_endpoint(value, &asked.connection.local);
}

static int
run_explain(int count, char **operands)
{
	if (count == 0)
		return command_usage();
	return explain(operands);
}

static const struct command_option explain_rows[] = {
	{ "connect", "ADDR:PORT", "for its connection to that address", .take = take_connect },
	{ "accept", "ADDR:PORT", "for a connection that it accepts from that address",
	    .take = take_accept },
	{ "local", "ADDR:PORT", "with one of these: the program's own end", .take = take_local },
	{ "reach", NULL, "say only whether kashim can reach the program",
	    .flag = &asked.only_reach },
	{ "verbose", NULL, "also say why the rules before that one did not match",
	    .flag = &asked.verbose },
	COMMAND_JSON(&asked.is_json),
	COMMAND_CONF(&asked.conf),
	COMMAND_LAST,
};

const struct command command_explain = {
	.name = "explain",
	.summary = "which rule decides for a program, and what that means",
	.run = run_explain,
	.options = explain_rows,
	.takes_program = true,
	.operands = "[--] PROGRAM [ARGUMENT...]",
	.description =
	    "Say which rule decides for a program, what its sockets get, whether kashim can reach it,\n"
	    "and when a dead peer would be noticed. The program is not run.",
	.exit_status = "0; 1 when the configuration is in error, or with --reach when the program\n"
		       "cannot be reached; 2 wrong usage; 126 or 127 when the program cannot be "
		       "executed or is\n"
		       "not found.",
};
