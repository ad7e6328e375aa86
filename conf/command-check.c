/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "explain.h"

static void
print_summary(const char *conf, const struct configuration *configuration)
{
	if (!configuration->exists) {
		printf("%s: does not exist, the built-in policy holds\n", conf);
		return;
	}
	printf("%s: in order, ", conf);
	command_print_count(stdout, configuration->build.rule_count - 1, "rule");
	fputs(", ", stdout);
	command_print_count(stdout, configuration->build.profile_count, "profile");
	if (configuration->documents.count > 1) {
		fputs(", ", stdout);
		command_print_count(
		    stdout, (uint32_t)configuration->documents.count - 1, "drop-in");
	}
	fputs("\n", stdout);
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
		explain_rule(stdout, &policy, rule);
		if (rule->line != 0)
			printf("   %s:%u", policy.strings + rule->file, rule->line);
		printf("\n    %-13s %-12s ", "mode", mode_name(settings->mode));
		print_origin(&policy, &origins->mode);
		for (enum option_id option = 0; option < OPTION_COUNT; option++) {
			char value[40];
			struct text text = text_in(value, sizeof(value));

			if (settings->value[option] == VALUE_UNSET)
				continue;
			option_put(&text, option, settings->value[option]);
			printf("    %-13s %-12s ", option_table[option].key, value);
			print_origin(&policy, &origins->value[option]);
		}
	}
}

static const struct option check_options[] = {
	{ "print", no_argument, NULL, 'p' },
	{ NULL, 0, NULL, 0 },
};

int
command_check(int argc, char **argv)
{
	struct configuration configuration;
	bool print = false;
	int letter, status;

	while ((letter = getopt_long(argc, argv, "", check_options, NULL)) != -1) {
		if (letter != 'p')
			return command_usage();
		print = true;
	}
	if (argc - optind > 1)
		return command_usage();
	status = command_read("", command_conf(argv[optind]), &configuration) ? STATUS_GOOD
									      : STATUS_FAULTS;
	if (status == STATUS_GOOD) {
		print_summary(command_conf(argv[optind]), &configuration);
		if (print)
			print_policy(&configuration);
	}
	configuration_free(&configuration);
	return status;
}
