/* SPDX-License-Identifier: MIT */
/* All commands of kashim(1). How one is added: command.h. */
#include "command.h"

const struct command *const commands[] = {
	&command_run,
	&command_check,
	&command_compile,
	&command_explain,
	&command_profiles,
	&command_status,
	&command_apply,
	&command_watch,
	&command_measure,
	&command_enable,
	&command_disable,
	&command_system,
	&command_help,
	NULL,
};
