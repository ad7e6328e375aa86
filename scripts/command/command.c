/* SPDX-License-Identifier: MIT */
#include "command.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "path.h"
#include "terminal.h"

#ifndef KASHIM_VERSION
#define KASHIM_VERSION "unknown"
#endif

static const struct command *command;

int
command_usage(void)
{
	fprintf(stderr, "usage: kashim %s\n", command->usage);
	return STATUS_USAGE;
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

void
command_print_count(FILE *out, uint32_t count, const char *what)
{
	fprintf(out, "%u %s%s", count, what, count == 1 ? "" : "s");
}

/* What a full disk kept from being written is an error, too. */
static int
finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "kashim: standard output cannot be written: %s\n", strerror(errno));
	return status == STATUS_GOOD ? STATUS_FAILED : status;
}

int
command_main(const struct command *commands, int argc, char **argv)
{
	char name[32];

	setlocale(LC_CTYPE, "");
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("kashim " KASHIM_VERSION);
		return finish(STATUS_GOOD);
	}
	for (command = commands; argc > 1 && command->name != NULL; command++) {
		if (strcmp(command->name, argv[1]) != 0)
			continue;
		/* What getopt_long(3) puts in front of its messages. */
		snprintf(name, sizeof(name), "kashim %s", command->name);
		argv[1] = name;
		return finish(command->run(argc - 1, argv + 1));
	}
	fputs("usage: the commands of this program, which kashim(1) calls, are:\n", stderr);
	for (command = commands; command->name != NULL; command++)
		fprintf(stderr, "       %s\n", command->usage);
	return STATUS_USAGE;
}
