/* SPDX-License-Identifier: MIT */
/* The kashim command: kashim(1). Its commands are listed in commands.c. */
#include "command.h"

int
main(int argc, char **argv)
{
	return command_main(argc, argv);
}
