/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "address.h"
#include "command.h"
#include "explain.h"
#include "json.h"
#include "outside-launcher.h"
#include "profile.h"
#include "program.h"

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

/* The answer. */
struct explanation {
	struct policy policy;
	const struct program *program;
	const struct facts *facts;
	const struct rule *rule;
	const char *line; /* the KASHIM variable, where that decides; or NULL */
	struct settings settings;
	struct host_tcp host;
	bool exists; /* there is a configuration */
	bool reached;
	char why[200]; /* or why not */
};

static void
print_rule(const struct explanation *explanation, const struct rule *rule)
{
	const struct policy *policy = &explanation->policy;

	command_print_rule(policy, rule);
	if (rule->line != 0)
		printf("   %s:%u", policy->strings + rule->file, rule->line);
	else if (!explanation->exists)
		fputs("   built in, there is no configuration", stdout);
}

/* The rules before the one that decides, and why they do not. */
static void
print_passed(const struct explanation *explanation)
{
	for (const struct rule *rule = explanation->policy.rules; rule < explanation->rule;
	     rule++) {
		char *why = explain_why_not(&explanation->policy, rule, explanation->facts);

		fputs("no match  ", stdout);
		print_rule(explanation, rule);
		fputs(": ", stdout);
		terminal_put(stdout, why);
		fputs("\n", stdout);
		free(why);
	}
}

/*
 * Without --connect or --accept: rules before the one that decides which could still decide a
 * connection of this program.
 */
static void
print_connection_rules(const struct explanation *explanation)
{
	const struct facts *facts = explanation->facts;
	bool first = true;

	for (const struct rule *rule = explanation->policy.rules; rule < explanation->rule;
	     rule++) {
		if (facts->direction != DIRECTION_ANY || !policy_looks_at_connection(rule) ||
		    !policy_matches_program(&explanation->policy, rule, facts))
			continue;
		fputs(first ? "before    " : "          ", stdout);
		print_rule(explanation, rule);
		fputs("\n", stdout);
		first = false;
	}
}

static void
print_explanation(const struct explanation *explanation)
{
	const struct settings *settings = &explanation->settings;
	struct terminal terminal = terminal_of(STDOUT_FILENO);

	if (asked.verbose && explanation->line == NULL)
		print_passed(explanation);
	fputs("rule      ", stdout);
	if (explanation->line != NULL) {
		fputs("KASHIM=", stdout);
		terminal_put(stdout, explanation->line);
	} else {
		print_rule(explanation, explanation->rule);
	}
	fputs("\nsets      ", stdout);
	explain_settings(stdout, settings);
	if (explanation->line == NULL && settings->mode != MODE_OFF && settings->profile != 0)
		printf("   (profile %s)", explanation->policy.strings + settings->profile);
	printf("   mode %s\n", mode_name(settings->mode));
	printf("reach     %s: %s\n", explanation->why, explanation->reached ? "yes" : "no");
	if (settings->mode != MODE_OFF)
		explain_in_flight(stdout, settings, &explanation->host);
	if (settings->mode != MODE_OFF && settings->value[OPTION_KEEPALIVE] == 1)
		explain_timeline(stdout, settings, &terminal);
	if (explanation->line == NULL && !asked.verbose)
		print_connection_rules(explanation);
}

static void
put_rule(
    struct json *json, const struct explanation *explanation, const struct rule *rule, bool decides)
{
	char *conditions = explain_rule(&explanation->policy, rule);
	char *why =
	    decides ? NULL : explain_why_not(&explanation->policy, rule, explanation->facts);

	json_object(json);
	json_string(json, "program", explanation->program->executed);
	json_boolean(json, "decides", decides);
	json_string(json, "conditions", decides && explanation->line != NULL ? NULL : conditions);
	json_string(json, "variable", decides ? explanation->line : NULL);
	json_place(json, "rule_file", "rule_line", explanation->policy.strings + rule->file,
	    decides && explanation->line != NULL ? 0 : rule->line);
	json_string(json, "reason", why);
	free(conditions);
	free(why);
}

/* What follows from the settings. */
static void
put_outcome(struct json *json, const struct settings *settings, const struct host_tcp *host)
{
	int32_t idle = settings->value[OPTION_IDLE];
	int32_t path_timeout = settings->value[OPTION_PATH_TIMEOUT];

	json_number(json, "dead_after", settings_dead_after(settings));
	json_number(json, "in_flight_after", host_tcp_in_flight_after(host, settings));
	json_number(json, "margin", path_timeout == VALUE_UNSET ? JSON_NULL : path_timeout - idle);
	json_decimal(json, "probes_an_hour", 3600.0 / idle);
	json_decimal(json, "bytes_an_hour", 3600.0 / idle * EXPLAIN_PROBE_BYTES);
}

static void
put_nothing(struct json *json)
{
	static const char *const keys[] = { "dead_after", "in_flight_after", "margin",
		"probes_an_hour", "bytes_an_hour" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_null(json, keys[i]);
}

/* What a rule wants, resolved. */
static void
put_settings(struct json *json, const struct explanation *explanation, struct settings settings)
{
	const char *profile = explanation->policy.strings + settings.profile;
	bool is_off = settings.mode == MODE_OFF;
	struct settings nothing = settings_unset();
	const struct settings *shown = is_off ? &nothing : &settings;

	settings_resolve(&settings, explanation->policy.retries);
	json_string(json, "mode", mode_name(settings.mode));
	json_string(json, "profile", is_off || *profile == '\0' ? NULL : profile);
	json_boolean(json, "keepalive", settings.value[OPTION_KEEPALIVE] == 1);
	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		if (option != OPTION_KEEPALIVE)
			json_option(json, option_table[option].key, option, shown->value[option]);
	if (settings.value[OPTION_KEEPALIVE] != 1)
		put_nothing(json);
	else
		put_outcome(json, &settings, &explanation->host);
	json_boolean(json, "reached", explanation->reached);
	json_string(json, "reach", explanation->why);
}

static void
put_explanation(const struct explanation *explanation)
{
	const struct policy *policy = &explanation->policy;
	struct json json = json_begin(stdout);

	for (const struct rule *rule = policy->rules;
	     asked.verbose && explanation->line == NULL && rule < explanation->rule; rule++) {
		put_rule(&json, explanation, rule, false);
		put_settings(&json, explanation, policy->settings[rule->settings]);
	}
	put_rule(&json, explanation, explanation->rule, true);
	put_settings(&json, explanation, explanation->settings);
	json_end(&json);
}

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
	};
	struct text why = text_in(explanation.why, sizeof(explanation.why));

	explanation.rule = policy_match(&explanation.policy, facts);
	explanation.settings = explanation.policy.settings[explanation.rule->settings];
	explanation.line =
	    line_variable(&explanation.policy, explanation.rule, &explanation.settings);
	explanation.reached = program_is_reached(program, &why);
	settings_resolve(&explanation.settings, explanation.policy.retries);
	if (asked.is_json)
		put_explanation(&explanation);
	else
		print_explanation(&explanation);
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
run_explain(int argc, char **argv)
{
	if (!command_options(argc, argv))
		return STATUS_USAGE;
	if (optind == argc)
		return command_usage();
	return explain(argv + optind);
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
