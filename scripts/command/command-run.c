/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocate.h"
#include "command.h"
#include "environment.h"
#include "installed.h"
#include "outside-launcher.h"
#include "profile.h"
#include "program.h"

/* What was asked for on the command line. */
static struct {
	const char *conf, *mode, *profile;
	const char *settings[OPTION_COUNT];
	bool only, verbose, best_effort;
} asked;

static void
put_setting(FILE *out, const char *key, const char *value)
{
	if (value != NULL)
		fprintf(out, "%s%s=%s", ftell(out) == 0 ? "" : ",", key, value);
}

/* The line for the KASHIM variable; NULL where nothing was asked for. Kept until we are replaced. */
static const char *
line_of_settings(void)
{
	char *line = NULL;
	size_t size = 0;
	FILE *out = stream_or_exit(&line, &size);

	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		put_setting(out, option_table[option].key, asked.settings[option]);
	put_setting(out, "mode", asked.mode);
	put_setting(out, "profile", asked.profile);
	fclose(out);
	return size == 0 ? NULL : line;
}

/* Whether the configuration and the line of settings are in order; says so if not. */
static bool
is_policy_good(const char *conf, const char *line)
{
	struct configuration configuration;
	char message[600];
	struct text error = text_in(message, sizeof(message));
	bool good = command_read("", conf, &configuration);
	struct policy policy = build_policy(&configuration.build);
	struct settings settings;

	if (good && line != NULL && !profile_read_line(&policy, line, &settings, &error)) {
		fprintf(stderr, "kashim: %s\n", message);
		good = false;
	}
	configuration_free(&configuration);
	return good;
}

/* May this program run under the shim? Returns 0, or the exit status. */
static int
admit(char **arguments)
{
	struct program program;
	char message[600];
	struct text text = text_in(message, sizeof(message));
	int status = program_find(arguments, &program, &text);

	if (status != 0) {
		fprintf(stderr, "kashim: %s\n", message);
	} else if (!program_is_reached(&program, &text)) {
		program_print_unreached(&program, message, asked.best_effort);
		status = asked.best_effort ? STATUS_GOOD : STATUS_OWN;
	}
	if (program.arguments != NULL)
		launcher_warn(&program);
	program_free(&program);
	return status;
}

/* An absolute path, so that it means the same file wherever the program goes. */
static const char *
absolute(const char *path)
{
	const char *here = getcwd(NULL, 0);

	return *path == '/' || here == NULL ? path : format_or_exit("%s/%s", here, path);
}

static bool
is_library_good(const char *library)
{
	if (strpbrk(library, ": ") != NULL)
		fprintf(stderr, "kashim: %s: LD_PRELOAD cannot hold a path with a colon or blank\n",
		    library);
	else if (access(library, F_OK) == -1)
		fprintf(stderr, "kashim: %s is missing, build or install kashim again\n", library);
	else
		return true;
	return false;
}

/* Returns only on failure. */
static int
become(char **arguments, char **environment)
{
	int why;

	execvpe(arguments[0], arguments, environment);
	why = errno;
	fprintf(stderr, "kashim: %s: %s\n", arguments[0], strerror(why));
	return why == ENOENT || why == ENOTDIR ? 127 : 126;
}

/* What the program gets: our environment, and in it what was asked for. */
static struct environment
environment_for(const char *conf, const char *line)
{
	struct environment environment = environment_copy();
	char pid[24];

	if (conf != NULL)
		environment_set(&environment, "KASHIM_CONF", conf);
	if (line != NULL)
		environment_set(&environment, "KASHIM", line);
	/* The program keeps our process number, and those that it starts have others. */
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	environment_set(&environment, "KASHIM_ONLY", asked.only ? pid : NULL);
	if (asked.verbose) {
		environment_set(&environment, "KASHIM_VERBOSE", "1");
		if (getenv("KASHIM_LOG") == NULL)
			environment_set(&environment, "KASHIM_LOG", "stderr");
	}
	environment_preload(&environment, installed_library());
	return environment;
}

static int
run_under_shim(char **arguments)
{
	const char *named = asked.conf == NULL ? getenv("KASHIM_CONF") : asked.conf;
	const char *conf = named == NULL || *named == '\0' ? NULL : absolute(named);
	const char *line = line_of_settings();
	int status;

	if (!is_library_good(installed_library()))
		return STATUS_OWN;
	if (!is_policy_good(command_conf(conf), line == NULL ? getenv("KASHIM") : line))
		return STATUS_OWN;
	status = admit(arguments);
	if (status != STATUS_GOOD)
		return status;
	return become(arguments, environment_for(conf, line).variables);
}

static int
run_run(int count, char **operands)
{
	if (count == 0) {
		fputs("kashim: which program? ", stderr);
		return command_usage();
	}
	return run_under_shim(operands);
}

static const struct command_option run_rows[] = {
	COMMAND_CONF(&asked.conf),
	{ "only", NULL, "this program, and not those that it starts", .flag = &asked.only },
	{ "verbose", NULL, "report on stderr what each socket gets, and by which rule",
	    .flag = &asked.verbose },
	{ "best-effort", NULL, "run the program even if kashim cannot reach it",
	    .flag = &asked.best_effort },
	{ "mode", "MODE", "who wins, the policy or the program", .value = &asked.mode,
	    .is_setting = true },
	{ "profile", "PROFILE", "named settings, see: kashim profiles", .value = &asked.profile,
	    .is_setting = true },
	COMMAND_LAST,
};

const struct command command_run = {
	.name = "run",
	.summary = "run a program under kashim",
	.run = run_run,
	.options = run_rows,
	.settings = asked.settings,
	.takes_program = true,
	.operands = "[--] PROGRAM [ARGUMENT...]",
	.description =
	    "Run a program under kashim: every TCP socket that it opens or accepts gets the keepalive\n"
	    "settings of the policy. kashim becomes the program, so signals, terminal and exit status\n"
	    "are the program's own. Settings given here stand in front of all rules.",
	.exit_status = "the program's own; 125 when kashim fails, 126 when the program cannot be\n"
		       "executed, 127 when it is not found.",
	.usage_status = STATUS_OWN,
};
