/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_COMMAND_H
#define KASHIM_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "configuration.h"
#include "path.h"

/*
 * The commands of kashim(1). Dispatch, usage, help and both completions come from struct command.
 *
 * To add a command: write command-NAME.c, which ends with `const struct command command_NAME`,
 * declare that below, give it a place in the list in commands.c, and describe it in its man page.
 * To add an option to a command: add a row to its options, and describe it in its man page.
 */

enum status {
	STATUS_GOOD = 0,
	STATUS_FAILED = 1, /* the configuration is in error, or what was asked for does not exist */
	STATUS_USAGE = 2,
	STATUS_OWN = 125, /* of `kashim run`, as env(1): our own error */
};

/* An option of a command, and what it does: one of the last three. */
struct command_option {
	const char *name;
	/*
	 * What its value is called in the help, NULL where it takes none. The shells complete FILE,
	 * DIR, PROFILE, MODE, DURATION and NUMBER, and words behind bars: "DURATION|auto|off".
	 */
	const char *argument;
	const char *help;   /* one line */
	bool *flag;         /* becomes true */
	const char **value; /* gets the value */
	/* reads the value; returns false, and says so, where that is wrong */
	bool (*take)(const char *value);
	bool is_setting; /* for kashim run: the value is not empty and has no comma */
};

struct command {
	const char *name;
	const char *summary; /* one line for the list of commands */
	/* Gets what stands behind the options, NULL at its end. Returns the exit status. */
	int (*run)(int count, char **operands);
	const struct command_option *options; /* the last one has no name; or NULL */
	/*
	 * What stands behind the options, for the usage; not empty. The shells complete FILE,
	 * PROFILE, PROGRAM, PID, PROCESS, UNIT, COMMAND, and words between bars.
	 */
	const char *operands;
	const char *description; /* of the help: lines of at most 100 columns */
	const char *exit_status; /* of the help: what stands behind "Exit status: " */
	bool takes_program;      /* what follows the first operand is for that program */
	/* NULL, or every row of the option table is an option, too, with its value here */
	const char **settings;
	int usage_status; /* the exit status of wrong usage, where that is not STATUS_USAGE */
};

extern const struct command command_run, command_check, command_compile, command_explain,
    command_profiles, command_status, command_apply, command_enable, command_disable,
    command_system, command_watch, command_measure, command_help;

/* All commands, in the order of `kashim help`; NULL at the end. */
extern const struct command *const commands[];

/* The main() of kashim(1): run the command that argv[1] names, and return its exit status. */
int command_main(int argc, char **argv);

/* The command of this name; NULL, and said so, where there is none. */
const struct command *command_named(const char *name);

/* Rows that several commands have. */
#define COMMAND_CONF(to) \
	{ \
		"conf", "FILE", "another configuration than " PATH_CONF_DEFAULT, .value = (to) \
	}
#define COMMAND_JSON(to) \
	{ \
		"json", NULL, "print an array of flat objects, see kashim-json(5)", .flag = (to) \
	}
#define COMMAND_LAST \
	{ \
		NULL, NULL, NULL \
	}

/* Print on stderr how the command that runs is used. Returns the exit status of wrong usage. */
int command_usage(void);

/* Which configuration is meant: an operand unless that is NULL, KASHIM_CONF, or the system's. */
const char *command_conf(const char *operand);

/*
 * Read a configuration and print what is wrong with it. One that was named has to exist. Free it
 * with configuration_free() in either case.
 */
bool command_read(const char *root, const char *conf, struct configuration *configuration);

/* The same, but its diagnostics stay in it, for callers that print errors themselves. */
bool command_read_quietly(const char *root, const char *conf, struct configuration *configuration);

/*
 * Validate a configuration, and replace its compiled form, both below `root`, or write that to
 * standard output. Prints what was done or is wrong. Returns the exit status.
 */
int command_compile_conf(const char *root, const char *conf, bool to_stdout);

/* Print on stdout what a rule looks at. */
void command_print_rule(const struct policy *policy, const struct rule *rule);

/* Append what a configuration has: "2 rules, 1 profile, 3 drop-ins". */
void command_put_counts(struct text *text, const struct configuration *configuration);

/* The exit status, but STATUS_FAILED where standard output could not be written; says so. */
int command_finish(int status);

#endif
