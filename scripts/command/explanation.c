/* SPDX-License-Identifier: MIT */
#include "explanation.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"
#include "explain-rule.h"
#include "explain-settings.h"
#include "json.h"
#include "terminal.h"

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

void
explanation_print(const struct explanation *explanation)
{
	const struct settings *settings = &explanation->settings;
	struct terminal terminal = terminal_of(STDOUT_FILENO);

	if (explanation->verbose && explanation->line == NULL)
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
	if (explanation->line == NULL && !explanation->verbose)
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

void
explanation_put(const struct explanation *explanation)
{
	const struct policy *policy = &explanation->policy;
	struct json json = json_begin(stdout);

	for (const struct rule *rule = policy->rules;
	     explanation->verbose && explanation->line == NULL && rule < explanation->rule;
	     rule++) {
		put_rule(&json, explanation, rule, false);
		put_settings(&json, explanation, policy->settings[rule->settings]);
	}
	put_rule(&json, explanation, explanation->rule, true);
	put_settings(&json, explanation, explanation->settings);
	json_end(&json);
}
