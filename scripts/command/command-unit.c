/* SPDX-License-Identifier: MIT */
/* The library for a service of systemd; what changes it is scripts/host/kashim-unit, and this starts it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "allocate.h"
#include "command.h"
#include "installed.h"
#include "library.h"
#include "path.h"

/* What was asked for on the command line. */
static struct {
	const char *root; /* "" for the running system */
	bool now;
} asked = { .root = "" };

static bool
is_directory(const char *path)
{
	struct stat found;

	return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* Whether that can be done here; the exit status, and said so, where not. */
static int
examine(const char *action)
{
	char message[4 * PATH_LONGEST];
	struct text why = text_in(message, sizeof(message));

	if (*asked.root != '\0' && !is_directory(asked.root)) {
		fprintf(stderr, "kashim: --root %s: there is no such directory\n", asked.root);
		return STATUS_USAGE;
	}
	if (*asked.root == '\0' && geteuid() != 0) {
		fputs("kashim: only root can change /etc/systemd/system\n", stderr);
		return STATUS_FAILED;
	}
	if (strcmp(action, "enable") == 0 && !library_is_fit(asked.root, &why)) {
		fprintf(stderr, "kashim: %s\n", message);
		return STATUS_FAILED;
	}
	return STATUS_GOOD;
}

static int
become(const char *action, int count, char **units)
{
	const char *fixed[] = { installed_program(), library_path(), action, asked.now ? "yes" : "",
		asked.root };
	enum { FIXED = sizeof(fixed) / sizeof(fixed[0]) };
	const char **arguments =
	    allocate_or_exit(NULL, (FIXED + (size_t)count + 1) * sizeof(*arguments));

	memcpy(arguments, fixed, sizeof(fixed));
	for (int i = 0; i <= count; i++)
		arguments[FIXED + i] = units[i];
	return installed_become("kashim-unit", arguments);
}

static int
run_unit(const char *action, int count, char **units)
{
	int status;

	if (count == 0) {
		fputs("kashim: which service? ", stderr);
		return command_usage();
	}
	status = examine(action);
	return status == STATUS_GOOD ? become(action, count, units) : status;
}

static int
run_enable(int count, char **units)
{
	return run_unit("enable", count, units);
}

static int
run_disable(int count, char **units)
{
	return run_unit("disable", count, units);
}

static const struct command_option unit_rows[] = {
	{ "now", NULL, "restart those that run", .flag = &asked.now },
	{ "root", "DIR", "write below DIR, for an image", .value = &asked.root },
	COMMAND_LAST,
};

const struct command command_enable = {
	.name = "enable",
	.summary = "load the library into a service of systemd",
	.run = run_enable,
	.options = unit_rows,
	.operands = "UNIT...",
	.description =
	    "Have services of systemd load the library when they are started, by a drop-in that puts it in\n"
	    "front of what the unit has in LD_PRELOAD already. UNIT is a service, NAME or NAME.service; of a\n"
	    "template, NAME@, all instances are meant.",
	.exit_status = "0 done; 1 not, 2 wrong usage.",
};

const struct command command_disable = {
	.name = "disable",
	.summary = "stop loading the library into a service of systemd",
	.run = run_disable,
	.options = unit_rows,
	.operands = "UNIT...",
	.description = "Take away what kashim enable wrote for services of systemd.",
	.exit_status = "0 done, or there is nothing to do; 1 not, 2 wrong usage.",
};
