/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "address.h"
#include "command.h"
#include "explain.h"
#include "profile.h"
#include "program.h"

static const struct option explain_options[] = {
	{ "connect", required_argument, NULL, 'c' },
	{ "accept", required_argument, NULL, 'a' },
	{ "local", required_argument, NULL, 'l' },
	{ NULL, 0, NULL, 0 },
};

/*
 * What the KASHIM variable says, which stands in front of all rules. Null where there is none, or a
 * wrong one.
 */
static const char *
line_variable(const struct policy *policy, struct settings *settings)
{
	const char *line = getenv("KASHIM");
	char message[600];
	struct text error = text_in(message, sizeof(message));
	struct settings read;

	if (line == NULL || *line == '\0')
		return NULL;
	if (profile_read_line(policy, line, &read, &error)) {
		*settings = read;
		return line;
	}
	fprintf(stderr, "KASHIM is ignored: %s\n", message);
	return NULL;
}

/*
 * Rules that would decide this program's connections before `chosen` does, for who did not say
 * which connection.
 */
static void
print_connection_rules(
    const struct policy *policy, const struct rule *chosen, const struct facts *facts)
{
	bool first = true;

	for (const struct rule *rule = policy->rules; rule < chosen; rule++) {
		if (facts->direction != DIRECTION_ANY || !policy_looks_at_connection(rule) ||
		    !policy_matches_program(policy, rule, facts))
			continue;
		fputs(first ? "before it  " : "           ", stdout);
		explain_rule(stdout, policy, rule);
		printf("   %s:%u\n", policy->strings + rule->file, rule->line);
		first = false;
	}
}

static void
print_explanation(const struct configuration *configuration, const struct program *program,
    const struct facts *facts)
{
	struct policy policy = build_policy(&configuration->build);
	const struct rule *rule = policy_match(&policy, facts);
	struct settings settings = policy.settings[rule->settings];
	const char *line = line_variable(&policy, &settings);
	char why[200];
	struct text why_text = text_in(why, sizeof(why));
	bool reached = program_is_reached(program, &why_text);

	settings_resolve(&settings);
	fputs("rule      ", stdout);
	if (line != NULL) {
		printf("KASHIM=%s", line);
	} else {
		explain_rule(stdout, &policy, rule);
		if (rule->line != 0)
			printf("   %s:%u", policy.strings + rule->file, rule->line);
		else if (!configuration->exists)
			fputs("   built in, there is no configuration", stdout);
	}
	fputs("\nsets      ", stdout);
	explain_settings(stdout, &settings);
	if (line == NULL && settings.mode != MODE_OFF && settings.profile != 0)
		printf("   (profile %s)", policy.strings + settings.profile);
	printf("   mode %s\n", mode_name(settings.mode));
	printf("reach     %s: %s\n", why, reached ? "yes" : "no");
	if (settings.mode != MODE_OFF)
		explain_timeline(stdout, &settings);
	if (line == NULL)
		print_connection_rules(&policy, rule, facts);
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
explain(char **arguments, const struct facts *connection)
{
	struct configuration configuration;
	struct program program;
	struct facts facts;
	char message[600];
	struct text error = text_in(message, sizeof(message));
	int status = program_find(arguments, &program, &error);

	if (status != 0) {
		fprintf(stderr, "kashim: %s\n", message);
		program_free(&program);
		return status;
	}
	facts = program_facts(&program);
	facts.direction = connection->direction;
	facts.remote = connection->remote;
	facts.local = connection->local;
	if (command_read("", command_conf(NULL), &configuration))
		print_explanation(&configuration, &program, &facts);
	else
		status = STATUS_FAULTS;
	configuration_free(&configuration);
	program_free(&program);
	return status;
}

int
command_explain(int argc, char **argv)
{
	struct facts connection = { 0 };
	int letter;

	while ((letter = getopt_long(argc, argv, "+", explain_options, NULL)) != -1) {
		if (letter == '?')
			return command_usage();
		if (!read_endpoint(optarg, letter == 'l' ? &connection.local : &connection.remote))
			return STATUS_USAGE;
		if (letter == 'c')
			connection.direction = DIRECTION_CONNECT;
		if (letter == 'a')
			connection.direction = DIRECTION_ACCEPT;
	}
	if (optind == argc)
		return command_usage();
	return explain(argv + optind, &connection);
}
