/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "profile.h"
#include "program.h"

/* Whether the configuration and the KASHIM variable are in order. */
static bool
is_policy_good(void)
{
	struct configuration configuration;
	const char *line = getenv("KASHIM");
	char message[600];
	struct text error = text_in(message, sizeof(message));
	bool good = command_read("", command_conf(NULL), &configuration);
	struct policy policy = build_policy(&configuration.build);
	struct settings settings;

	if (good && line != NULL && !profile_read_line(&policy, line, &settings, &error)) {
		fprintf(stderr, "kashim: %s\n", message);
		good = false;
	}
	configuration_free(&configuration);
	return good;
}

static const struct option admit_options[] = {
	{ "best-effort", no_argument, NULL, 'b' },
	{ NULL, 0, NULL, 0 },
};

/*
 * May this program run under the shim? Exit status as of env(1): 125 our own error, 126 and 127 the
 * program's.
 */
int
command_admit(int argc, char **argv)
{
	struct program program;
	char message[600];
	struct text text = text_in(message, sizeof(message));
	bool best_effort = false, reached;
	int letter, status;

	while ((letter = getopt_long(argc, argv, "+", admit_options, NULL)) != -1) {
		if (letter != 'b')
			return STATUS_OWN;
		best_effort = true;
	}
	if (optind == argc || !is_policy_good())
		return STATUS_OWN;
	status = program_find(argv + optind, &program, &text);
	if (status != 0) {
		fprintf(stderr, "kashim: %s\n", message);
		program_free(&program);
		return status;
	}
	reached = program_is_reached(&program, &text);
	if (!reached)
		fprintf(stderr, "kashim: %s cannot be reached: %s%s\n", program.image, message,
		    best_effort ? "; once it runs, 'kashim apply' can set its open sockets"
				: "; start it without kashim and then use 'kashim apply', or "
				  "use --best-effort");
	program_free(&program);
	return reached || best_effort ? STATUS_GOOD : STATUS_OWN;
}
