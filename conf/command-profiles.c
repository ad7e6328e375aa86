/* SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "explain.h"
#include "profile.h"

static void
print_profile(const char *name, const struct settings *profile, const char *what)
{
	struct settings settings = *profile;
	struct settings builtin = settings_builtin();
	char path[40] = "-", dead[40];
	struct text text = text_in(dead, sizeof(dead));

	settings_fill(&settings, &builtin);
	settings_resolve(&settings);
	text_put_duration(&text, settings_dead_after(&settings));
	if (settings.value[OPTION_PATH_TIMEOUT] != VALUE_UNSET)
		snprintf(path, sizeof(path), "%d", settings.value[OPTION_PATH_TIMEOUT]);
	printf("%-16s %9s %6d %9d %6d %9s   %s\n", name, path, settings.value[OPTION_IDLE],
	    settings.value[OPTION_INTERVAL], settings.value[OPTION_PROBES], dead, what);
}

/* Those of the configuration come first, as they do when a name is looked up. */
static void
print_profiles(const struct policy *policy, const char *wanted)
{
	struct settings settings;

	printf("%-16s %9s %6s %9s %6s %9s   %s\n", "PROFILE", "PATH (s)", "IDLE", "INTERVAL",
	    "COUNT", "DEAD", "WHAT");
	for (uint32_t i = 0; i < policy->profile_count; i++) {
		const char *name = policy->strings + policy->profiles[i].name;

		if (wanted != NULL && strcmp(wanted, name) != 0)
			continue;
		print_profile(
		    name, &policy->settings[policy->profiles[i].settings], "your configuration");
	}
	for (size_t i = 0; i < BUILTIN_PROFILES; i++) {
		const struct builtin_profile *profile = &builtin_profiles[i];

		if (wanted != NULL && strcmp(wanted, profile->name) != 0)
			continue;
		profile_find(NULL, profile->name, strlen(profile->name), &settings);
		print_profile(profile->name, &settings, profile->path);
		if (wanted != NULL)
			printf("%16s source: %s\n", "", profile->source);
	}
}

static int
print_path_timeout(const char *value)
{
	struct settings settings = settings_unset();
	char message[300];
	struct text error = text_in(message, sizeof(message));

	if (!option_read(OPTION_PATH_TIMEOUT, value, strlen(value),
		&settings.value[OPTION_PATH_TIMEOUT], &error)) {
		fprintf(stderr, "kashim: --path-timeout: %s\n", message);
		return STATUS_USAGE;
	}
	settings_derive(&settings);
	settings_resolve(&settings);
	fputs("sets      ", stdout);
	explain_settings(stdout, &settings);
	fputs("\n", stdout);
	explain_timeline(stdout, &settings);
	return STATUS_GOOD;
}

static const struct option profiles_options[] = {
	{ "path-timeout", required_argument, NULL, 't' },
	{ NULL, 0, NULL, 0 },
};

int
command_profiles(int argc, char **argv)
{
	struct configuration configuration;
	const char *path_timeout = NULL;
	struct policy policy;
	const char *wanted;
	struct settings found;
	int letter, status = STATUS_GOOD;

	while ((letter = getopt_long(argc, argv, "", profiles_options, NULL)) != -1) {
		if (letter != 't')
			return command_usage();
		path_timeout = optarg;
	}
	if (argc - optind > (path_timeout == NULL))
		return command_usage();
	if (path_timeout != NULL)
		return print_path_timeout(path_timeout);
	if (!command_read("", command_conf(NULL), &configuration)) {
		configuration_free(&configuration);
		return STATUS_FAULTS;
	}
	policy = build_policy(&configuration.build);
	wanted = argv[optind];
	if (wanted == NULL || profile_find(&policy, wanted, strlen(wanted), &found)) {
		print_profiles(&policy, wanted);
	} else {
		fprintf(stderr,
		    "kashim: there is no profile \"%s\", 'kashim profiles' lists them\n", wanted);
		status = STATUS_FAULTS;
	}
	configuration_free(&configuration);
	return status;
}
