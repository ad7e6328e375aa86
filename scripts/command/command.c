/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explain-rule.h"
#include "help.h"
#include "host-tcp.h"
#include "path.h"
#include "terminal.h"

static const struct command *current;

const struct command *
command_named(const char *name)
{
	for (size_t i = 0; commands[i] != NULL; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	fprintf(stderr, "kashim: there is no command \"%s\", 'kashim help' lists them\n", name);
	return NULL;
}

static int
usage_status(void)
{
	return current->usage_status == 0 ? STATUS_USAGE : current->usage_status;
}

int
command_usage(void)
{
	help_usage(stderr, current);
	return usage_status();
}

/* A setting becomes a part of one line, in which commas stand between them. */
static bool
is_setting_value(const char *name, const char *value)
{
	if (*value == '\0')
		fprintf(stderr, "kashim: --%s needs a value, see: kashim help %s\n", name,
		    current->name);
	else if (strchr(value, ',') != NULL)
		fprintf(
		    stderr, "kashim: --%s: \"%s\" holds a comma, give one value\n", name, value);
	else
		return true;
	return false;
}

static bool
take(const struct command_option *row, const char *value)
{
	if (row->take != NULL)
		return row->take(value);
	if (row->flag != NULL) {
		*row->flag = true;
		return true;
	}
	*row->value = value;
	return !row->is_setting || is_setting_value(row->name, value);
}

/*
 * Read the options of the command that runs; what stands behind them starts at argv[optind] then.
 * Returns false for wrong usage, which was printed. Does not return from --help.
 */
static bool
read_options(int argc, char **argv)
{
	struct command_option rows[HELP_OPTIONS_MOST];
	struct option options[HELP_OPTIONS_MOST] = { 0 };
	int letter, row = 0;

	help_options(current, rows);
	for (size_t i = 0; rows[i].name != NULL; i++)
		options[i] = (struct option){ rows[i].name,
			rows[i].argument == NULL ? no_argument : required_argument, NULL, 0 };
	opterr = 0;
	while ((letter = getopt_long(
		    argc, argv, current->takes_program ? "+:h" : ":h", options, &row)) != -1) {
		if (letter == 'h' || (letter == 0 && strcmp(rows[row].name, "help") == 0)) {
			help_print(current);
			exit(command_finish(STATUS_GOOD));
		}
		if (letter == ':' || letter == '?') {
			fprintf(stderr, "kashim: %s%s%s, see: kashim help %s\n",
			    letter == ':' ? "" : "there is no option ", argv[optind - 1],
			    letter == ':' ? " needs a value" : "", current->name);
			return false;
		}
		if (!take(&rows[row], optarg))
			return false;
	}
	return true;
}

const char *
command_conf(const char *operand)
{
	const char *variable = getenv("KASHIM_CONF");

	if (operand != NULL)
		return operand;
	return variable == NULL || *variable == '\0' ? PATH_CONF_DEFAULT : variable;
}

bool
command_read_quietly(const char *root, const char *conf, struct configuration *configuration)
{
	bool good = configuration_read(root, conf, configuration);

	if (good && !configuration->exists && strcmp(conf, PATH_CONF_DEFAULT) != 0) {
		diagnostic_in_file(
		    &configuration->diagnostics, conf, "cannot be opened: %s", strerror(ENOENT));
		good = false;
	}
	/* Without a configuration there is nothing to write it to, and the shim does not ask. */
	if (configuration->exists && *root == '\0')
		configuration->build.retries = host_tcp().retries;
	return good;
}

bool
command_read(const char *root, const char *conf, struct configuration *configuration)
{
	bool good = command_read_quietly(root, conf, configuration);

	diagnostic_print(&configuration->diagnostics, stderr, terminal_of(STDERR_FILENO).colour);
	return good;
}

void
command_print_rule(const struct policy *policy, const struct rule *rule)
{
	char *conditions = explain_rule(policy, rule);

	terminal_put(stdout, conditions);
	free(conditions);
}

static void
put_count(struct text *text, size_t count, const char *what)
{
	text_put_number(text, (int64_t)count);
	text_put(text, " ");
	text_put(text, what);
	text_put(text, count == 1 ? "" : "s");
}

void
command_put_counts(struct text *text, const struct configuration *configuration)
{
	put_count(text, configuration->build.rule_count - 1, "rule");
	text_put(text, ", ");
	put_count(text, configuration->build.profile_count, "profile");
	if (configuration->documents.count <= 1)
		return;
	text_put(text, ", ");
	put_count(text, configuration->documents.count - 1, "drop-in");
}

int
command_finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "kashim: standard output cannot be written: %s\n", strerror(errno));
	return status == STATUS_GOOD ? STATUS_FAILED : status;
}

int
command_main(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help_overview();
		return command_finish(STATUS_GOOD);
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("kashim " KASHIM_VERSION);
		return command_finish(STATUS_GOOD);
	}
	current = command_named(argv[1]);
	if (current == NULL)
		return STATUS_USAGE;
	argc--;
	argv++;
	if (!read_options(argc, argv))
		return command_finish(usage_status());
	return command_finish(current->run(argc - optind, argv + optind));
}
