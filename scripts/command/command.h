/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_COMMAND_H
#define KASHIM_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "configuration.h"

/* The commands behind kashim(1), each in a file of its own, command-NAME.c. */

enum status {
	STATUS_GOOD = 0,
	STATUS_FAILED = 1, /* the configuration is in error, or what was asked for does not exist */
	STATUS_USAGE = 2,
	STATUS_OWN = 125, /* of `kashim run`, as env(1): our own error */
};

struct command {
	const char *name;
	int (*run)(int argc, char **argv); /* its own name is argv[0]; returns the exit status */
	const char *usage;
};

/*
 * The main() of a program with these commands, the last of which has no name: run the one that
 * argv[1] names, and return its exit status.
 */
int command_main(const struct command *commands, int argc, char **argv);

/* Of kashim-policy. */
int command_check(int argc, char **argv);
int command_compile(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_profiles(int argc, char **argv);
int command_admit(int argc, char **argv);

/* Of kashim-sockets. */
int command_status(int argc, char **argv);
int command_apply(int argc, char **argv);
int command_system(int argc, char **argv);

/* Print how the command that runs is used. Returns STATUS_USAGE. */
int command_usage(void);

/* Which configuration is meant: an operand unless that is NULL, KASHIM_CONF, or the system's. */
const char *command_conf(const char *operand);

/*
 * Read a configuration and print what is wrong with it. One that was named has to exist. Free it
 * with configuration_free() in either case.
 */
bool command_read(const char *root, const char *conf, struct configuration *configuration);

/* The same, but the diagnostics stay in the configuration, for who prints them in another way. */
bool command_read_quietly(const char *root, const char *conf, struct configuration *configuration);

/* Print on stdout what a rule looks at. */
void command_print_rule(const struct policy *policy, const struct rule *rule);

/* Print a number of things: "1 rule", "4 rules". */
void command_print_count(FILE *out, uint32_t count, const char *what);

#endif
