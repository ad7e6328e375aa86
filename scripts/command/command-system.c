/* SPDX-License-Identifier: MIT */
/* The library for the whole host; what changes it is scripts/host/kashim-system, and this starts it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "command.h"
#include "installed.h"
#include "library.h"
#include "path.h"
#include "system-status.h"

/* What was asked for on the command line. */
static struct {
	const char *root;
	bool best_effort, is_json;
} asked;

/* The file that is replaced: where /etc/ld.so.preload leads. */
static const char *
preload_file(void)
{
	static char path[PATH_LONGEST];

	return realpath(LIBRARY_PRELOAD_FILE, path) == NULL ? LIBRARY_PRELOAD_FILE : path;
}

/* Compile the policy that every program would get; without a configuration there is nothing to do. */
static bool
compile_policy(void)
{
	struct configuration configuration;
	bool good = command_read("", PATH_CONF_DEFAULT, &configuration);
	bool exists = configuration.exists;

	configuration_free(&configuration);
	if (!good)
		fprintf(stderr,
		    "kashim: the configuration is in error, see above; %s is as it was\n",
		    preload_file());
	else if (!exists)
		puts(PATH_CONF_DEFAULT ": does not exist, the built-in policy holds");
	else if (command_compile_conf("", PATH_CONF_DEFAULT, false) != STATUS_GOOD)
		good = false;
	return good;
}

static int
enable(void)
{
	char message[4 * PATH_LONGEST];
	struct text why = text_in(message, sizeof(message));
	const char *arguments[] = { installed_program(), library_path(), installed_rescue(),
		preload_file(), asked.best_effort ? "yes" : "", NULL };

	if (access(installed_rescue(), X_OK) == -1) {
		fprintf(stderr, "kashim: %s is missing, build or install kashim again\n",
		    installed_rescue());
		return STATUS_FAILED;
	}
	if (!library_is_fit("", &why)) {
		fprintf(stderr, "kashim: %s: %s; %s is as it was\n", library_path(), message,
		    preload_file());
		return STATUS_FAILED;
	}
	if (!compile_policy())
		return STATUS_FAILED;
	fflush(stdout);
	return installed_become("kashim-system", arguments);
}

static int
disable(void)
{
	execl(installed_rescue(), "kashim-rescue", asked.root == NULL ? NULL : "--root", asked.root,
	    NULL);
	fprintf(
	    stderr, "kashim: %s is missing, build or install kashim again\n", installed_rescue());
	return STATUS_FAILED;
}

/* The same in another system, where kashim is installed, too. */
static int
in_root(const char *action)
{
	const char *arguments[] = { "in-root", asked.root, "system", action,
		asked.best_effort ? "--best-effort"
		: asked.is_json   ? "--json"
				  : NULL,
		NULL };
	struct stat found;

	if (stat(asked.root, &found) == 0 && S_ISDIR(found.st_mode))
		return installed_become("kashim-system", arguments);
	fprintf(stderr, "kashim: --root %s: there is no such directory\n", asked.root);
	return STATUS_USAGE;
}

static int
run_action(const char *action)
{
	bool is_status = strcmp(action, "status") == 0;
	bool is_enable = strcmp(action, "enable") == 0;

	if (!is_status && !is_enable && strcmp(action, "disable") != 0) {
		fprintf(stderr, "kashim: there is no command system %s, see: kashim help system\n",
		    action);
		return STATUS_USAGE;
	}
	if ((asked.is_json && !is_status) || (asked.best_effort && !is_enable)) {
		fprintf(stderr, "kashim: system %s has no %s, see: kashim help system\n", action,
		    asked.best_effort ? "--best-effort" : "--json");
		return STATUS_USAGE;
	}
	if (!is_status && geteuid() != 0) {
		fprintf(stderr, "kashim: only root can change %s\n", preload_file());
		return STATUS_FAILED;
	}
	if (asked.root != NULL && (is_status || is_enable))
		return in_root(action);
	if (is_status)
		return system_status(asked.is_json) ? STATUS_GOOD : STATUS_FAILED;
	return is_enable ? enable() : disable();
}

static int
run_system(int count, char **operands)
{
	if (count == 1)
		return run_action(*operands);
	fputs("kashim: what shall be done? kashim system enable, disable or status\n", stderr);
	return STATUS_USAGE;
}

static const struct command_option system_rows[] = {
	{ "best-effort", NULL, "enable: also when programs of another kind cannot load the library",
	    .flag = &asked.best_effort },
	{ "root", "DIR", "in the system below DIR, where kashim is installed, too",
	    .value = &asked.root },
	{ "json", NULL, "status: print an array of flat objects", .flag = &asked.is_json },
	COMMAND_LAST,
};

const struct command command_system = {
	.name = "system",
	.summary = "load the library into every program of the host",
	.run = run_system,
	.options = system_rows,
	.operands = "enable|disable|status",
	.description =
	    "Load the library into every dynamic program of the host that starts from now on, by a line in\n"
	    "/etc/ld.so.preload; stop that; or show what is loaded where. Before enabling, the library and\n"
	    "the policy are tried out with programs of every kind, where no other program sees it; when one\n"
	    "of them behaves differently, nothing is changed.",
	.exit_status = "0 done, or status: enabled and in order; 1 not; 2 wrong usage.",
};
