/* SPDX-License-Identifier: MIT */
/*
 * What the kashim command does with the sockets of running processes: status, apply; and with the
 * processes themselves, system. It decides by
 * the same policy_match() as the shim and sets options by the same apply.c, on copies of other
 * processes' descriptors.
 */
#include "command.h"

static const struct command commands[] = {
	{ "status", command_status,
	    "status [--unprotected] [--json] [--conf FILE] [PID | PROGRAM]..." },
	{ "apply", command_apply,
	    "apply [--dry-run] [--json] [--conf FILE] --all | PID | PROGRAM ..." },
	{ "system", command_system,
	    "system [--json] LINE LIBRARY LIBRARY_PROBLEM POLICY POLICY_PROBLEM" },
	{ NULL, NULL, NULL },
};

int
main(int argc, char **argv)
{
	return command_main(commands, argc, argv);
}
