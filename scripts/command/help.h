/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_HELP_H
#define KASHIM_HELP_H

#include "command.h"

enum { HELP_OPTIONS_MOST = 40 };

/*
 * All options of a command: its rows, the settings of the option table where it takes them, and
 * --help. Ends with a row without a name.
 */
void help_options(const struct command *command, struct command_option options[HELP_OPTIONS_MOST]);

/* Print "usage: kashim NAME [--option] ... OPERANDS". */
void help_usage(FILE *out, const struct command *command);

/* Print what `kashim help NAME` says. */
void help_print(const struct command *command);

/* Print what kashim alone says. */
void help_overview(void);

#endif
