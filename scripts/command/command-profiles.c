/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "explain-settings.h"
#include "host-tcp.h"
#include "json.h"
#include "profile.h"
#include "table.h"

/* What was asked for on the command line. */
static struct {
	const char *path_timeout, *conf;
	bool is_json;
} asked;

/* One profile, as it would be on a socket. */
struct shown {
	const char *name, *what;
	const char *source; /* where its timeout is documented, or NULL */
	struct settings settings;
	struct host_tcp host;
};

typedef void visit_profile(const struct shown *shown, void *context);

static void
visit(const struct shown *profile, visit_profile *visit_one, void *context)
{
	struct shown shown = *profile;
	struct settings builtin = settings_builtin();

	settings_fill(&shown.settings, &builtin);
	shown.host = host_tcp();
	settings_resolve(&shown.settings, shown.host.retries);
	visit_one(&shown, context);
}

/* Those of the configuration come first, as they do when a name is looked up. */
static void
visit_profiles(
    const struct policy *policy, const char *wanted, visit_profile *visit_one, void *context)
{
	for (uint32_t i = 0; i < policy->profile_count; i++) {
		struct shown shown = {
			.name = policy->strings + policy->profiles[i].name,
			.what = "your configuration",
			.settings = policy->settings[policy->profiles[i].settings],
		};

		if (wanted == NULL || strcmp(wanted, shown.name) == 0)
			visit(&shown, visit_one, context);
	}
	for (size_t i = 0; i < BUILTIN_PROFILES; i++) {
		const struct builtin_profile *profile = &builtin_profiles[i];
		struct shown shown = { profile->name, builtin_paths[i].what,
			builtin_paths[i].source, { 0 } };

		if (wanted != NULL && strcmp(wanted, profile->name) != 0)
			continue;
		profile_find(NULL, profile->name, strlen(profile->name), &shown.settings);
		visit(&shown, visit_one, context);
	}
}

static void
add_row(const struct shown *shown, void *context)
{
	static const enum option_id columns[] = { OPTION_PATH_TIMEOUT, OPTION_IDLE, OPTION_INTERVAL,
		OPTION_PROBES };
	enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };
	char room[COLUMNS + 2][40];
	const char *cells[COLUMNS + 4] = { shown->name };
	struct text text;

	for (size_t i = 0; i < COLUMNS; i++) {
		int32_t value = shown->settings.value[columns[i]];

		text = text_in(room[i], sizeof(room[i]));
		if (value == VALUE_UNSET)
			text_put(&text, "-");
		else
			text_put_number(&text, value);
		text_put(&text, value == VALUE_UNSET || columns[i] == OPTION_PROBES ? "" : "s");
		cells[i + 1] = room[i];
	}
	text = text_in(room[COLUMNS], sizeof(room[COLUMNS]));
	if (settings_dead_after(&shown->settings) < 0)
		text_put(&text, "never");
	else
		text_put_duration(&text, settings_dead_after(&shown->settings));
	cells[COLUMNS + 1] = room[COLUMNS];
	text = text_in(room[COLUMNS + 1], sizeof(room[COLUMNS + 1]));
	text_put_duration(&text, host_tcp_in_flight_after(&shown->host, &shown->settings));
	cells[COLUMNS + 2] = room[COLUMNS + 1];
	cells[COLUMNS + 3] = shown->what;
	table_add(context, cells, false);
}

static void
put_object(const struct shown *shown, void *context)
{
	static const enum option_id keys[] = { OPTION_PATH_TIMEOUT, OPTION_IDLE, OPTION_INTERVAL,
		OPTION_PROBES, OPTION_RETRANSMIT_MAX, OPTION_USER_TIMEOUT };
	int64_t dead = settings_dead_after(&shown->settings);
	struct json *json = context;

	json_object(json);
	json_string(json, "name", shown->name);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_option(
		    json, option_table[keys[i]].key, keys[i], shown->settings.value[keys[i]]);
	json_number(json, "dead_after", dead < 0 ? JSON_NULL : dead);
	json_number(
	    json, "in_flight_after", host_tcp_in_flight_after(&shown->host, &shown->settings));
	json_string(json, "what", shown->what);
	json_string(json, "source", shown->source);
	json_boolean(json, "builtin", shown->source != NULL);
}

static void
print_source(const struct shown *shown, void *context)
{
	(void)context;
	if (shown->source != NULL)
		printf("source: %s\n", shown->source);
}

static void
print_profiles(const struct policy *policy, const char *wanted)
{
	static const char *const titles[] = { "<PROFILE", ">PATH", ">IDLE", ">INTERVAL", ">COUNT",
		">DEAD", ">IN_FLIGHT", "<WHAT", NULL };
	struct table table = table_of(titles);
	struct terminal terminal = terminal_of(STDOUT_FILENO);

	visit_profiles(policy, wanted, add_row, &table);
	table_print(&table, stdout, &terminal);
	table_free(&table);
	if (wanted != NULL)
		visit_profiles(policy, wanted, print_source, NULL);
}

static void
put_profiles(const struct policy *policy, const char *wanted)
{
	struct json json = json_begin(stdout);

	visit_profiles(policy, wanted, put_object, &json);
	json_end(&json);
}

static int
show_path_timeout(void)
{
	const char *value = asked.path_timeout;
	struct shown shown = { "path_timeout", "what this path_timeout gives", NULL,
		settings_unset(), host_tcp() };
	struct terminal terminal = terminal_of(STDOUT_FILENO);
	char message[300];
	struct text error = text_in(message, sizeof(message));
	struct json json;

	if (!option_read(&option_table[OPTION_PATH_TIMEOUT], value, strlen(value),
		&shown.settings.value[OPTION_PATH_TIMEOUT], &error)) {
		fprintf(stderr, "kashim: --path-timeout: %s\n", message);
		return STATUS_USAGE;
	}
	settings_derive(&shown.settings);
	shown.settings.value[OPTION_RETRANSMIT_MAX] = VALUE_AUTO;
	settings_resolve(&shown.settings, shown.host.retries);
	if (asked.is_json) {
		json = json_begin(stdout);
		put_object(&shown, &json);
		json_end(&json);
		return STATUS_GOOD;
	}
	fputs("sets      ", stdout);
	explain_settings(stdout, &shown.settings);
	fputs("\n", stdout);
	explain_in_flight(stdout, &shown.settings, &shown.host);
	explain_timeline(stdout, &shown.settings, &terminal);
	return STATUS_GOOD;
}

static int
show_profiles(const char *wanted)
{
	struct configuration configuration;
	struct settings found;
	struct policy policy;
	int status = STATUS_GOOD;

	if (!command_read("", command_conf(asked.conf), &configuration)) {
		configuration_free(&configuration);
		return STATUS_FAILED;
	}
	policy = build_policy(&configuration.build);
	if (wanted == NULL || profile_find(&policy, wanted, strlen(wanted), &found)) {
		(asked.is_json ? put_profiles : print_profiles)(&policy, wanted);
	} else {
		fprintf(stderr,
		    "kashim: there is no profile \"%s\", 'kashim profiles' lists them\n", wanted);
		status = STATUS_FAILED;
	}
	configuration_free(&configuration);
	return status;
}

static int
run_profiles(int count, char **operands)
{
	if (count > (asked.path_timeout == NULL))
		return command_usage();
	return asked.path_timeout != NULL ? show_path_timeout() : show_profiles(*operands);
}

static const struct command_option profiles_rows[] = {
	{ "path-timeout", "DURATION", "silence after which the path forgets a connection",
	    .value = &asked.path_timeout },
	COMMAND_JSON(&asked.is_json),
	COMMAND_CONF(&asked.conf),
	COMMAND_LAST,
};

const struct command command_profiles = {
	.name = "profiles",
	.summary = "named settings for well-known paths",
	.run = run_profiles,
	.options = profiles_rows,
	.operands = "[PROFILE]",
	.description =
	    "List named settings, built in or from the configuration; or show what path_timeout gives.",
	.exit_status = "0; 1 when there is no such profile, 2 wrong usage.",
};
