/* SPDX-License-Identifier: MIT */
/*
 * What the kashim command does with a policy: check, compile, explain, profiles; and admit, which
 * `kashim run` asks before it runs a program.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "path.h"

#ifndef KASHIM_VERSION
#define KASHIM_VERSION "unknown"
#endif

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
};

static const struct command commands[] = {
	{ "check", command_check, "check [--print] [FILE]" },
	{ "compile", command_compile, "compile [--stdout] [--root DIR] [FILE]" },
	{ "explain", command_explain,
	    "explain [--connect ADDR:PORT | --accept ADDR:PORT] [--local ADDR:PORT] [--] PROGRAM "
	    "[ARGUMENT...]" },
	{ "profiles", command_profiles, "profiles [NAME | --path-timeout DURATION]" },
	{ "admit", command_admit, "admit [--best-effort] [--] PROGRAM [ARGUMENT...]" },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

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

static void
print_faults(const struct faults *faults)
{
	bool colour = isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL;

	fault_print(faults, stderr, colour);
}

bool
command_read(const char *root, const char *conf, struct configuration *configuration)
{
	bool good = configuration_read(root, conf, configuration);

	if (good && !configuration->exists && strcmp(conf, PATH_CONF_DEFAULT) != 0) {
		fault_in_file(
		    &configuration->faults, conf, "cannot be opened: %s", strerror(ENOENT));
		good = false;
	}
	print_faults(&configuration->faults);
	return good;
}

void
command_print_count(FILE *out, uint32_t count, const char *what)
{
	fprintf(out, "%u %s%s", count, what, count == 1 ? "" : "s");
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("kashim " KASHIM_VERSION);
		return STATUS_GOOD;
	}
	for (size_t i = 0; argc > 1 && i < COMMANDS; i++) {
		if (strcmp(commands[i].name, argv[1]) != 0)
			continue;
		command = &commands[i];
		return command->run(argc - 1, argv + 1);
	}
	fputs("usage: kashim-policy COMMAND, which kashim(1) calls:\n", stderr);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stderr, "       kashim-policy %s\n", commands[i].usage);
	return STATUS_USAGE;
}
