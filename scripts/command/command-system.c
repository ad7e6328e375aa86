/* SPDX-License-Identifier: MIT */
/* What kashim system status prints: what its shell part found out, and who runs with the library.
 */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "allocate.h"
#include "command.h"
#include "json.h"
#include "outside-process.h"
#include "terminal.h"

/* What is said of the file, the library and the policy; NULL where there is nothing wrong with
 * them. */
struct findings {
	const char *line, *library, *library_problem, *policy, *policy_problem;
};

enum kind {
	KIND_LOADED,
	KIND_OLD,
	KIND_WITHOUT,
	KIND_ELSEWHERE,
	KIND_UNREACHED,
	KIND_UNKNOWN,
	KIND_COUNT
};

static const char *const kind_keys[KIND_COUNT] = { "loaded", "old", "without", "elsewhere",
	"unreached", "unknown" };
static const char *const kind_words[KIND_COUNT] = {
	[KIND_LOADED] = "with the library",
	[KIND_OLD] = "with an older one",
	[KIND_WITHOUT] = "without",
	[KIND_ELSEWHERE] = "in containers",
	[KIND_UNREACHED] = "out of reach (static, Go)",
	[KIND_UNKNOWN] = "unknown, as only root may look",
};

/* Programs that need a restart, by name. */
struct program_count {
	char *name;
	unsigned count;
};

struct census {
	unsigned count[KIND_COUNT];
	struct program_count *programs;
	size_t program_count;
};

/* Another root has its own /etc/ld.so.preload. */
static bool
is_elsewhere(const struct process *process)
{
	struct stat here, there;

	return stat("/", &here) == 0 && fstatat(process->directory, "root", &there, 0) == 0 &&
	       (here.st_dev != there.st_dev || here.st_ino != there.st_ino);
}

static enum kind
kind_of(const struct process *process)
{
	if (process->refused != 0)
		return KIND_UNKNOWN;
	if (process->has_shim)
		return process->has_old_shim ? KIND_OLD : KIND_LOADED;
	if (is_elsewhere(process))
		return KIND_ELSEWHERE;
	if (!process->is_reached && (strstr(process->unreached, "static") != NULL ||
					strstr(process->unreached, "Go") != NULL))
		return KIND_UNREACHED;
	return KIND_WITHOUT;
}

static void
note_program(struct census *census, const char *name)
{
	for (size_t i = 0; i < census->program_count; i++) {
		if (strcmp(census->programs[i].name, name) != 0)
			continue;
		census->programs[i].count++;
		return;
	}
	census->programs = allocate_or_exit(
	    census->programs, (census->program_count + 1) * sizeof(*census->programs));
	census->programs[census->program_count++] =
	    (struct program_count){ copy_or_exit(name, strlen(name)), 1 };
}

static int
by_name(const void *one, const void *other)
{
	return strcmp(
	    ((const struct program_count *)one)->name, ((const struct program_count *)other)->name);
}

/* The first process is left alone by the library, and so are we. */
static struct census
take_census(bool is_enabled)
{
	struct census census = { 0 };
	DIR *directory = opendir("/proc");
	const struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		struct process process;
		enum kind kind;

		if (pid <= 1 || pid == getpid() || !process_open(pid, &process))
			continue;
		kind = kind_of(&process);
		census.count[kind]++;
		if (kind == KIND_OLD || (kind == KIND_WITHOUT && is_enabled))
			note_program(&census, process.name);
		process_close(&process);
	}
	if (directory != NULL)
		closedir(directory);
	if (census.program_count != 0)
		qsort(census.programs, census.program_count, sizeof(*census.programs), by_name);
	return census;
}

/* "cron, sshd (3)" */
static char *
programs_text(const struct census *census)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&bytes, &size);

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < census->program_count; i++) {
		const struct program_count *program = &census->programs[i];

		fprintf(out, "%s%s", i == 0 ? "" : ", ", program->name);
		if (program->count > 1)
			fprintf(out, " (%u)", program->count);
	}
	fclose(out);
	return bytes;
}

static void
print_census(const struct census *census, const char *programs)
{
	const char *gap = "";

	fputs("processes  ", stdout);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		if (census->count[kind] == 0 && kind != KIND_LOADED)
			continue;
		printf("%s%u %s", gap, census->count[kind], kind_words[kind]);
		gap = ", ";
	}
	if (census->program_count != 0) {
		fputs("\nrestart    ", stdout);
		terminal_put(stdout, programs);
	}
	fputs("\n", stdout);
}

static void
print_findings(const struct findings *found)
{
	if (found->line == NULL)
		puts("enabled    no: /etc/ld.so.preload does not load libkashim.so");
	else
		printf("enabled    yes: /etc/ld.so.preload loads %s\n", found->line);
	if (found->library_problem == NULL)
		printf("library    %s: in order\n", found->library);
	else
		printf("library    %s\n", found->library_problem);
	if (found->policy_problem == NULL)
		printf("policy     %s\n", found->policy);
	else
		printf("policy     %s\n", found->policy_problem);
}

static void
put_object(const struct findings *found, const struct census *census, const char *programs)
{
	struct json json = json_begin(stdout);

	json_object(&json);
	json_boolean(&json, "enabled", found->line != NULL);
	json_string(&json, "line", found->line);
	json_string(&json, "library", found->library);
	json_string(&json, "library_problem", found->library_problem);
	json_string(&json, "policy", found->policy);
	json_string(&json, "policy_problem", found->policy_problem);
	for (enum kind kind = 0; kind < KIND_COUNT; kind++)
		json_number(&json, kind_keys[kind], census->count[kind]);
	json_string(&json, "restart", census->program_count == 0 ? NULL : programs);
	json_end(&json);
}

static const char *
unless_empty(const char *text)
{
	return *text == '\0' ? NULL : text;
}

static const struct option system_options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 },
};

int
command_system(int argc, char **argv)
{
	struct findings found;
	struct census census;
	bool is_json = false;
	char *programs;
	int letter;

	while ((letter = getopt_long(argc, argv, "", system_options, NULL)) != -1) {
		if (letter != 'j')
			return command_usage();
		is_json = true;
	}
	if (argc - optind != 5)
		return command_usage();
	argv += optind;
	found = (struct findings){ unless_empty(argv[0]), argv[1], unless_empty(argv[2]),
		unless_empty(argv[3]), unless_empty(argv[4]) };
	census = take_census(found.line != NULL);
	programs = programs_text(&census);
	if (is_json) {
		put_object(&found, &census, programs);
	} else {
		print_findings(&found);
		print_census(&census, programs);
	}
	for (size_t i = 0; i < census.program_count; i++)
		free(census.programs[i].name);
	free(census.programs);
	free(programs);
	return found.line != NULL && found.library_problem == NULL && found.policy_problem == NULL
		   ? STATUS_GOOD
		   : STATUS_FAILED;
}
