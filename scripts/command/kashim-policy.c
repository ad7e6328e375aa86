/* SPDX-License-Identifier: MIT */
/*
 * What the kashim command does with a policy: check, compile, explain, profiles; and admit, which
 * `kashim run` asks before it runs a program.
 */
#include "command.h"

static const struct command commands[] = {
	{ "check", command_check, "check [--print] [--json] [FILE]" },
	{ "compile", command_compile, "compile [--stdout] [--root DIR] [FILE]" },
	{ "explain", command_explain,
	    "explain [--connect ADDR:PORT | --accept ADDR:PORT] [--local ADDR:PORT] [--verbose] "
	    "[--json] [--conf FILE] [--] PROGRAM [ARGUMENT...]" },
	{ "profiles", command_profiles,
	    "profiles [--json] [--conf FILE] [NAME | --path-timeout DURATION]" },
	{ "admit", command_admit, "admit [--best-effort] [--] PROGRAM [ARGUMENT...]" },
	{ NULL, NULL, NULL },
};

int
main(int argc, char **argv)
{
	return command_main(commands, argc, argv);
}
