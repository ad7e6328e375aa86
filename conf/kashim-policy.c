/* SPDX-License-Identifier: MIT */
/*
 * What the kashim command does with a policy: check, compile, explain, profiles; and admit, which
 * `kashim run` asks before it runs a program.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "address.h"
#include "compiled.h"
#include "configuration.h"
#include "explain.h"
#include "path.h"
#include "profile.h"
#include "program.h"

#ifndef KASHIM_VERSION
#define KASHIM_VERSION "unknown"
#endif

enum status { STATUS_GOOD = 0, STATUS_FAULTS = 1, STATUS_USAGE = 2, STATUS_OWN = 125 };

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
};

static int run_check(int argc, char **argv);
static int run_compile(int argc, char **argv);
static int run_explain(int argc, char **argv);
static int run_profiles(int argc, char **argv);
static int run_admit(int argc, char **argv);

static const struct command commands[] = {
	{ "check", run_check, "check [--print] [FILE]" },
	{ "compile", run_compile, "compile [--stdout] [--root DIR] [FILE]" },
	{ "explain", run_explain,
	    "explain [--connect ADDR:PORT | --accept ADDR:PORT] [--local ADDR:PORT] [--] PROGRAM "
	    "[ARGUMENT...]" },
	{ "profiles", run_profiles, "profiles [NAME | --path-timeout DURATION]" },
	{ "admit", run_admit, "admit [--best-effort] [--] PROGRAM [ARGUMENT...]" },
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct command *command;

static int
refuse_usage(void)
{
	fprintf(stderr, "usage: kashim %s\n", command->usage);
	return STATUS_USAGE;
}

/* Which configuration is meant: an operand, KASHIM_CONF, or the one of the system. */
static const char *
conf_named(const char *operand)
{
	const char *variable = getenv("KASHIM_CONF");

	if (operand != NULL)
		return operand;
	return variable == NULL || *variable == '\0' ? PATH_CONF_DEFAULT : variable;
}

static void
print_faults(const struct faults *faults)
{
	bool colour = isatty(STDERR_FILENO) && getenv("NO_COLOR") == NULL;

	fault_print(faults, stderr, colour);
}

/* Read a configuration and say what is wrong with it. One that was named has to exist. */
static bool
read_conf(const char *root, const char *conf, struct configuration *configuration)
{
	bool good = configuration_read(root, conf, configuration);

	if (good && !configuration->exists && strcmp(conf, PATH_CONF_DEFAULT) != 0) {
		fault_in_file(
		    &configuration->faults, conf, "cannot be opened: %s", strerror(ENOENT));
		good = false;
	}
	print_faults(&configuration->faults);
	return good;
}

static void
print_count(FILE *out, uint32_t count, const char *what)
{
	fprintf(out, "%u %s%s", count, what, count == 1 ? "" : "s");
}

static void
print_summary(const char *conf, const struct configuration *configuration)
{
	if (!configuration->exists) {
		printf("%s: does not exist, the built-in policy holds\n", conf);
		return;
	}
	printf("%s: in order, ", conf);
	print_count(stdout, configuration->build.rule_count - 1, "rule");
	fputs(", ", stdout);
	print_count(stdout, configuration->build.profile_count, "profile");
	if (configuration->documents.count > 1) {
		fputs(", ", stdout);
		print_count(stdout, (uint32_t)configuration->documents.count - 1, "drop-in");
	}
	fputs("\n", stdout);
}

static void
print_origin(const struct policy *policy, const struct origin *origin)
{
	if (origin->line == 0)
		puts("built in");
	else
		printf("%s:%u\n", policy->strings + origin->file, origin->line);
}

/* The merged policy: each rule with all its values, and where each of them was written. */
static void
print_policy(const struct configuration *configuration)
{
	struct policy policy = build_policy(&configuration->build);

	for (uint32_t i = 0; i < policy.rule_count; i++) {
		const struct rule *rule = &policy.rules[i];
		const struct settings *settings = &policy.settings[rule->settings];
		const struct origins *origins = &configuration->origins[i];

		printf("\n");
		explain_rule(stdout, &policy, rule);
		if (rule->line != 0)
			printf("   %s:%u", policy.strings + rule->file, rule->line);
		printf("\n    %-13s %-12s ", "mode", mode_name(settings->mode));
		print_origin(&policy, &origins->mode);
		for (enum option_id option = 0; option < OPTION_COUNT; option++) {
			char value[40];
			struct text text = text_in(value, sizeof(value));

			if (settings->value[option] == VALUE_UNSET)
				continue;
			option_put(&text, option, settings->value[option]);
			printf("    %-13s %-12s ", option_table[option].key, value);
			print_origin(&policy, &origins->value[option]);
		}
	}
}

static const struct option check_options[] = {
	{ "print", no_argument, NULL, 'p' },
	{ NULL, 0, NULL, 0 },
};

static int
run_check(int argc, char **argv)
{
	struct configuration configuration;
	bool print = false;
	int letter, status;

	while ((letter = getopt_long(argc, argv, "", check_options, NULL)) != -1) {
		if (letter != 'p')
			return refuse_usage();
		print = true;
	}
	if (argc - optind > 1)
		return refuse_usage();
	status =
	    read_conf("", conf_named(argv[optind]), &configuration) ? STATUS_GOOD : STATUS_FAULTS;
	if (status == STATUS_GOOD) {
		print_summary(conf_named(argv[optind]), &configuration);
		if (print)
			print_policy(&configuration);
	}
	configuration_free(&configuration);
	return status;
}

static bool
write_all(int fd, const char *bytes, size_t size)
{
	while (size != 0) {
		ssize_t part = write(fd, bytes, size);

		if (part == -1 && errno != EINTR)
			return false;
		bytes += part > 0 ? part : 0;
		size -= part > 0 ? (size_t)part : 0;
	}
	return true;
}

/* Make a rename last: the directory has to reach the disk, too. */
static void
sync_directory(const char *path)
{
	char directory[PATH_LONGEST];
	struct text text = text_in(directory, sizeof(directory));
	const char *slash = strrchr(path, '/');
	int fd;

	text_put_bytes(
	    &text, slash == NULL ? "." : path, slash == NULL ? 1 : (size_t)(slash - path) + 1);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return;
	fsync(fd);
	close(fd);
}

/* Readers see the old file or the new one, whole; never anything in between. */
static bool
replace_file(const char *path, const char *image, size_t size)
{
	char temporary[PATH_LONGEST];
	struct text text = text_in(temporary, sizeof(temporary));
	bool written;
	int fd;

	text_put(&text, path);
	text_put(&text, ".XXXXXX");
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd == -1)
		return false;
	written = write_all(fd, image, size) && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
	if (close(fd) == -1 || !written || rename(temporary, path) == -1) {
		int why = errno;

		unlink(temporary);
		errno = why;
		return false;
	}
	sync_directory(path);
	return true;
}

static int
write_compiled(
    const char *root, const char *conf, const struct configuration *configuration, bool to_stdout)
{
	struct policy policy = build_policy(&configuration->build);
	size_t size = compiled_size(&policy);
	char path[PATH_LONGEST];
	struct text text = text_in(path, sizeof(path));
	int status = STATUS_GOOD;
	char *image;

	text_put(&text, root);
	path_put_compiled(&text, conf);
	if (size > COMPILED_LARGEST) {
		fprintf(stderr,
		    "%s: too large, a compiled policy has at most %d bytes, this one would have "
		    "%zu\n",
		    conf, COMPILED_LARGEST, size);
		return STATUS_FAULTS;
	}
	image = memory(NULL, size);
	compiled_write(&policy, image);
	if (to_stdout ? !write_all(STDOUT_FILENO, image, size) : !replace_file(path, image, size)) {
		fprintf(stderr, "%s: cannot be written: %s\n", to_stdout ? "standard output" : path,
		    strerror(errno));
		status = STATUS_FAULTS;
	} else if (!to_stdout) {
		printf("%s: compiled, ", path);
		print_count(stdout, policy.rule_count - 1, "rule");
		fputs("\n", stdout);
	}
	free(image);
	return status;
}

static const struct option compile_options[] = {
	{ "stdout", no_argument, NULL, 's' },
	{ "root", required_argument, NULL, 'r' },
	{ NULL, 0, NULL, 0 },
};

static int
run_compile(int argc, char **argv)
{
	struct configuration configuration;
	const char *root = "";
	const char *conf;
	bool to_stdout = false;
	int letter, status;
	bool good;

	while ((letter = getopt_long(argc, argv, "", compile_options, NULL)) != -1) {
		if (letter == 's')
			to_stdout = true;
		else if (letter == 'r')
			root = optarg;
		else
			return refuse_usage();
	}
	if (argc - optind > 1)
		return refuse_usage();
	conf = conf_named(argv[optind]);
	good = read_conf(root, conf, &configuration);
	/* What is handed to the shim is used at once; what is kept has to show its age later. */
	if (good && !to_stdout && documents_settle(&configuration.documents)) {
		configuration_free(&configuration);
		good = read_conf(root, conf, &configuration);
	}
	status = good ? write_compiled(root, conf, &configuration, to_stdout) : STATUS_FAULTS;
	configuration_free(&configuration);
	return status;
}

static const struct option explain_options[] = {
	{ "connect", required_argument, NULL, 'c' },
	{ "accept", required_argument, NULL, 'a' },
	{ "local", required_argument, NULL, 'l' },
	{ NULL, 0, NULL, 0 },
};

/* What the KASHIM variable says, which stands in front of all rules. Null where there is none, or a
 * wrong one. */
static const char *
line_variable(const struct policy *policy, struct settings *settings)
{
	const char *line = getenv("KASHIM");
	char message[600];
	struct text error = text_in(message, sizeof(message));

	if (line == NULL || *line == '\0')
		return NULL;
	if (profile_read_line(policy, line, settings, &error))
		return line;
	fprintf(stderr, "KASHIM is ignored: %s\n", message);
	return NULL;
}

/* Rules that would decide this program's connections before `chosen` does, for who did not say
 * which connection. */
static void
print_connection_rules(
    const struct policy *policy, const struct rule *chosen, const struct facts *facts)
{
	bool first = true;

	for (const struct rule *rule = policy->rules; rule < chosen; rule++) {
		if (facts->direction != DIRECTION_ANY || !policy_looks_at_connection(rule) ||
		    !policy_matches_program(policy, rule, facts))
			continue;
		fputs(first ? "before it  " : "           ", stdout);
		explain_rule(stdout, policy, rule);
		printf("   %s:%u\n", policy->strings + rule->file, rule->line);
		first = false;
	}
}

static void
print_explanation(const struct configuration *configuration, const struct program *program,
    const struct facts *facts)
{
	struct policy policy = build_policy(&configuration->build);
	const struct rule *rule = policy_match(&policy, facts);
	struct settings settings = policy.settings[rule->settings];
	const char *line = line_variable(&policy, &settings);
	char why[200];
	struct text why_text = text_in(why, sizeof(why));
	bool reached = program_is_reached(program, &why_text);

	settings_resolve(&settings);
	fputs("rule      ", stdout);
	if (line != NULL) {
		printf("KASHIM=%s", line);
	} else {
		explain_rule(stdout, &policy, rule);
		if (rule->line != 0)
			printf("   %s:%u", policy.strings + rule->file, rule->line);
		else if (!configuration->exists)
			fputs("   built in, there is no configuration", stdout);
	}
	fputs("\nsets      ", stdout);
	explain_settings(stdout, &settings);
	if (settings.mode != MODE_OFF && settings.profile != 0)
		printf("   (profile %s)", policy.strings + settings.profile);
	printf("   mode %s\n", mode_name(settings.mode));
	printf("reach     %s: %s\n", why, reached ? "yes" : "no");
	if (settings.mode != MODE_OFF)
		explain_timeline(stdout, &settings);
	if (line == NULL)
		print_connection_rules(&policy, rule, facts);
}

static bool
read_endpoint(const char *text, struct endpoint *endpoint)
{
	char message[300];
	struct text error = text_in(message, sizeof(message));

	if (address_read_endpoint(text, endpoint, &error))
		return true;
	fprintf(stderr, "kashim: %s\n", message);
	return false;
}

static int
explain(char **arguments, const struct facts *connection)
{
	struct configuration configuration;
	struct program program;
	struct facts facts;
	char message[600];
	struct text error = text_in(message, sizeof(message));
	int status = program_find(arguments, &program, &error);

	if (status != 0) {
		fprintf(stderr, "kashim: %s\n", message);
		program_free(&program);
		return status;
	}
	facts = program_facts(&program);
	facts.direction = connection->direction;
	facts.remote = connection->remote;
	facts.local = connection->local;
	if (read_conf("", conf_named(NULL), &configuration))
		print_explanation(&configuration, &program, &facts);
	else
		status = STATUS_FAULTS;
	configuration_free(&configuration);
	program_free(&program);
	return status;
}

static int
run_explain(int argc, char **argv)
{
	struct facts connection = { 0 };
	int letter;

	while ((letter = getopt_long(argc, argv, "+", explain_options, NULL)) != -1) {
		if (letter == '?')
			return refuse_usage();
		if (!read_endpoint(optarg, letter == 'l' ? &connection.local : &connection.remote))
			return STATUS_USAGE;
		if (letter == 'c')
			connection.direction = DIRECTION_CONNECT;
		if (letter == 'a')
			connection.direction = DIRECTION_ACCEPT;
	}
	if (optind == argc)
		return refuse_usage();
	return explain(argv + optind, &connection);
}

static void
print_profile(const char *name, const struct settings *profile, const char *what)
{
	struct settings settings = *profile;
	struct settings builtin = settings_builtin();
	char path[40] = "-", dead[40];
	struct text text = text_in(dead, sizeof(dead));

	settings_fill(&settings, &builtin);
	explain_put_dead(&text, &settings);
	if (settings.value[OPTION_PATH_TIMEOUT] != VALUE_UNSET)
		snprintf(path, sizeof(path), "%d", settings.value[OPTION_PATH_TIMEOUT]);
	printf("%-16s %9s %6d %9d %6d %9s   %s\n", name, path, settings.value[OPTION_IDLE],
	    settings.value[OPTION_INTERVAL], settings.value[OPTION_PROBES], dead, what);
}

/* Those of the configuration come first, as they do when a name is looked up. */
static bool
print_profiles(const struct policy *policy, const char *wanted)
{
	struct settings settings;
	bool found = false;

	printf("%-16s %9s %6s %9s %6s %9s   %s\n", "PROFILE", "PATH (s)", "IDLE", "INTERVAL",
	    "COUNT", "DEAD", "WHAT");
	for (uint32_t i = 0; i < policy->profile_count; i++) {
		const char *name = policy->strings + policy->profiles[i].name;

		if (wanted != NULL && strcmp(wanted, name) != 0)
			continue;
		print_profile(
		    name, &policy->settings[policy->profiles[i].settings], "your configuration");
		found = true;
	}
	for (size_t i = 0; i < BUILTIN_PROFILES; i++) {
		const struct builtin_profile *profile = &builtin_profiles[i];

		if (wanted != NULL && strcmp(wanted, profile->name) != 0)
			continue;
		profile_find(NULL, profile->name, strlen(profile->name), &settings);
		print_profile(profile->name, &settings, profile->path);
		if (wanted != NULL)
			printf("%16s source: %s\n", "", profile->source);
		found = true;
	}
	return found;
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

static int
run_profiles(int argc, char **argv)
{
	struct configuration configuration;
	const char *path_timeout = NULL;
	struct policy policy;
	int letter;
	bool found;

	while ((letter = getopt_long(argc, argv, "", profiles_options, NULL)) != -1) {
		if (letter != 't')
			return refuse_usage();
		path_timeout = optarg;
	}
	if (argc - optind > (path_timeout == NULL))
		return refuse_usage();
	if (path_timeout != NULL)
		return print_path_timeout(path_timeout);
	if (!read_conf("", conf_named(NULL), &configuration)) {
		configuration_free(&configuration);
		return STATUS_FAULTS;
	}
	policy = build_policy(&configuration.build);
	found = print_profiles(&policy, argv[optind]);
	configuration_free(&configuration);
	if (found)
		return STATUS_GOOD;
	fprintf(stderr, "kashim: there is no profile \"%s\", 'kashim profiles' lists them\n",
	    argv[optind]);
	return STATUS_FAULTS;
}

/* Whether the configuration and the KASHIM variable are in order. */
static bool
is_policy_good(void)
{
	struct configuration configuration;
	const char *line = getenv("KASHIM");
	char message[600];
	struct text error = text_in(message, sizeof(message));
	bool good = read_conf("", conf_named(NULL), &configuration);
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

/* May this program run under the shim? Exit status as of env(1): 125 our own error, 126 and 127 the
 * program's. */
static int
run_admit(int argc, char **argv)
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
		    best_effort ? "" : "; --best-effort runs it all the same");
	program_free(&program);
	return reached || best_effort ? STATUS_GOOD : STATUS_OWN;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("kashim " KASHIM_VERSION);
		return STATUS_GOOD;
	}
	for (size_t i = 0; argc > 1 && i < COMMANDS; i++) {
		if (strcmp(commands[i].name, argv[1]) != 0)
			continue;
		command = &commands[i];
		return command->run(argc - 1, argv + 1);
	}
	fputs("usage: kashim-policy COMMAND, which kashim(1) calls:\n", stderr);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(stderr, "       kashim-policy %s\n", commands[i].usage);
	return STATUS_USAGE;
}
