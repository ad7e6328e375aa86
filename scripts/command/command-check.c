/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "explain-rule.h"
#include "json.h"

/* What was asked for on the command line. */
static struct {
	bool print, is_json;
} asked;

static void
print_summary(const char *conf, const struct configuration *configuration)
{
	char counts[100];
	struct text text = text_in(counts, sizeof(counts));

	command_put_counts(&text, configuration);
	if (configuration->exists)
		printf("%s: in order, %s\n", conf, counts);
	else
		printf("%s: does not exist, the built-in policy holds\n", conf);
}

static void
print_origin(const struct policy *policy, const struct origin *origin)
{
	if (origin->line == 0)
		puts("built in");
	else
		printf("%s:%u\n", policy->strings + origin->file, origin->line);
}

/* The merged policy: each rule with all its values, and where each of them was written. */
static void
print_policy(const struct configuration *configuration)
{
	struct policy policy = build_policy(&configuration->build);

	for (uint32_t i = 0; i < policy.rule_count; i++) {
		const struct rule *rule = &policy.rules[i];
		const struct settings *settings = &policy.settings[rule->settings];
		const struct origins *origins = &configuration->origins[i];

		printf("\n");
		command_print_rule(&policy, rule);
		if (rule->line != 0)
			printf("   %s:%u", policy.strings + rule->file, rule->line);
		printf("\n    %-14s %-12s ", "mode", mode_name(settings->mode));
		print_origin(&policy, &origins->mode);
		for (enum option_id option = 0; option < OPTION_COUNT; option++) {
			char value[40];
			struct text text = text_in(value, sizeof(value));

			if (settings->value[option] == VALUE_UNSET)
				continue;
			option_put(&text, option, settings->value[option]);
			printf("    %-14s %-12s ", option_table[option].key, value);
			print_origin(&policy, &origins->value[option]);
		}
	}
}

static void
put_diagnostics(struct json *json, const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *diagnostic = &diagnostics->entries[i];
		bool has_line = diagnostic->line != 0;

		json_object(json);
		json_string(json, "file", diagnostic->file);
		json_number(json, "line", has_line ? diagnostic->line : JSON_NULL);
		json_number(json, "column", has_line ? diagnostic->column : JSON_NULL);
		json_number(json, "width", has_line ? diagnostic->width : JSON_NULL);
		json_string(json, "message", diagnostic->message);
	}
}

/* An object for a value of a rule, without the value. */
static void
begin_value(struct json *json, const struct policy *policy, uint32_t at,
    const struct origin *origin, const char *setting)
{
	const struct rule *rule = &policy->rules[at];
	char *conditions = explain_rule(policy, rule);

	json_object(json);
	json_number(json, "rule", at + 1);
	json_string(json, "conditions", conditions);
	json_place(json, "rule_file", "rule_line", policy->strings + rule->file, rule->line);
	json_place(json, "from_file", "from_line", policy->strings + origin->file, origin->line);
	json_string(json, "setting", setting);
	free(conditions);
}

static void
put_policy(struct json *json, const struct configuration *configuration)
{
	struct policy policy = build_policy(&configuration->build);

	for (uint32_t i = 0; i < policy.rule_count; i++) {
		const struct settings *settings = &policy.settings[policy.rules[i].settings];
		const struct origins *origins = &configuration->origins[i];

		begin_value(json, &policy, i, &origins->mode, "mode");
		json_string(json, "value", mode_name(settings->mode));
		for (enum option_id option = 0; option < OPTION_COUNT; option++) {
			if (settings->value[option] == VALUE_UNSET)
				continue;
			begin_value(
			    json, &policy, i, &origins->value[option], option_table[option].key);
			json_option(json, "value", option, settings->value[option]);
		}
	}
}

static bool
check_for_programs(const char *conf, struct configuration *configuration)
{
	bool good = command_read_quietly("", conf, configuration);
	struct json json = json_begin(stdout);

	if (!good)
		put_diagnostics(&json, &configuration->diagnostics);
	else if (asked.print)
		put_policy(&json, configuration);
	json_end(&json);
	return good;
}

static bool
check_for_people(const char *conf, struct configuration *configuration)
{
	if (!command_read("", conf, configuration))
		return false;
	print_summary(conf, configuration);
	if (asked.print)
		print_policy(configuration);
	return true;
}

static int
run_check(int count, char **operands)
{
	struct configuration configuration;
	const char *conf;
	bool good;

	if (count > 1)
		return command_usage();
	conf = command_conf(*operands);
	if (asked.is_json)
		good = check_for_programs(conf, &configuration);
	else
		good = check_for_people(conf, &configuration);
	configuration_free(&configuration);
	return good ? STATUS_GOOD : STATUS_FAILED;
}

static const struct command_option check_rows[] = {
	{ "print", NULL, "print the merged policy: each rule, its values and where they stand",
	    .flag = &asked.print },
	{ "json", NULL, "print errors, or with --print the policy, as an array of flat objects",
	    .flag = &asked.is_json },
	COMMAND_LAST,
};

const struct command command_check = {
	.name = "check",
	.summary = "validate the configuration",
	.run = run_check,
	.options = check_rows,
	.operands = "[FILE]",
	.description =
	    "Validate a configuration, by default that of KASHIM_CONF or /etc/kashim.conf, with its\n"
	    "drop-ins. All errors are shown, each with its place. Nothing is changed.",
	.exit_status = "0 in order, 1 not, 2 wrong usage.",
};
