/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "help.h"

static void
print_commands(void)
{
	fputs("usage: kashim COMMAND [ARGUMENT...]\n"
	      "       kashim help [COMMAND]\n"
	      "       kashim --version\n\n",
	    stdout);
	for (size_t i = 0; commands[i] != NULL; i++)
		printf("  %-9s  %s\n", commands[i]->name, commands[i]->summary);
	fputs(
	    "\n"
	    "More on one command: kashim help COMMAND, or kashim COMMAND --help. Everything: kashim(1).\n",
	    stdout);
}

/* A MODE is one of these words, so that the shells need not know them. */
static void
print_argument(const char *argument)
{
	if (argument == NULL || strcmp(argument, "MODE") != 0) {
		fputs(argument == NULL ? "-" : argument, stdout);
		return;
	}
	for (enum mode mode = MODE_UNSET + 1; mode <= MODE_OFF; mode++)
		printf("%s%s", mode_name(mode), mode == MODE_OFF ? "" : "|");
}

/*
 * What the completions of the shells read, separated by tabs: "command NAME OPERANDS SUMMARY", and
 * behind it its options, "option --NAME ARGUMENT HELP", with "-" where it takes no value.
 */
static void
print_table(void)
{
	struct command_option options[HELP_OPTIONS_MOST];

	for (size_t i = 0; commands[i] != NULL; i++) {
		printf("command\t%s\t%s\t%s\n", commands[i]->name, commands[i]->operands,
		    commands[i]->summary);
		help_options(commands[i], options);
		for (const struct command_option *row = options; row->name != NULL; row++) {
			printf("option\t--%s\t", row->name);
			print_argument(row->argument);
			printf("\t%s\n", row->help);
		}
	}
}

static bool as_table;

static int
run_help(int count, char **operands)
{
	const struct command *command;

	if (as_table) {
		print_table();
		return STATUS_GOOD;
	}
	if (count > 1)
		return command_usage();
	if (count == 0) {
		print_commands();
		return STATUS_GOOD;
	}
	command = command_named(*operands);
	if (command == NULL)
		return STATUS_USAGE;
	help_print(command);
	return STATUS_GOOD;
}

static const struct command_option help_rows[] = {
	{ "table", NULL, "print commands and options for the completions of shells",
	    .flag = &as_table },
	COMMAND_LAST,
};

const struct command command_help = {
	.name = "help",
	.summary = "describe the commands",
	.run = run_help,
	.options = help_rows,
	.operands = "[COMMAND]",
	.description = "List the commands, or describe one of them.",
	.exit_status = "0; 2 there is no such command.",
};
