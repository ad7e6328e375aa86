/* SPDX-License-Identifier: MIT */
#include "system-status.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "census.h"
#include "command.h"
#include "counters.h"
#include "excerpt.h"
#include "json.h"
#include "library.h"
#include "outside-file.h"
#include "path.h"
#include "terminal.h"

enum { MESSAGE_LONGEST = 4 * PATH_LONGEST };

/* What is found out of the preload file, the library and the policy. */
struct findings {
	char *line;                            /* what is preloaded, NULL where nothing is */
	char library_problem[MESSAGE_LONGEST]; /* empty where there is none */
	char policy[MESSAGE_LONGEST];          /* what is in force, */
	char policy_problem[MESSAGE_LONGEST];  /* or why it is not; empty where there is none */
};

/* What the kinds of the census are called, for programs and for people. */
static const char *const kind_keys[CENSUS_KINDS] = { "loaded", "old", "without", "elsewhere",
	"unreached", "unknown" };
static const char *const kind_words[CENSUS_KINDS] = {
	[CENSUS_LOADED] = "with the library",
	[CENSUS_OLD] = "with an older one",
	[CENSUS_WITHOUT] = "without",
	[CENSUS_ELSEWHERE] = "in containers",
	[CENSUS_UNREACHED] = "out of reach (static, Go)",
	[CENSUS_UNKNOWN] = "unknown, as only root may look",
};

/* Whether the compiled policy is what the configuration says now. */
static bool
is_current(const char *path, const struct policy *policy)
{
	size_t size, found_size;
	char *wanted = excerpt_compile(policy, &size);
	char *found = file_read(AT_FDCWD, path, size, &found_size);
	bool is = found != NULL && found_size == size && memcmp(wanted, found, size) == 0;

	free(wanted);
	free(found);
	return is;
}

/* Say in one of the texts what is in force, or why it is not what is written. */
static void
look_at_policy(struct text *in_force, struct text *problem)
{
	const char *conf = PATH_CONF_DEFAULT;
	struct configuration configuration;
	char path[PATH_LONGEST];
	struct text compiled = text_in(path, sizeof(path));
	struct policy policy;

	path_put_compiled(&compiled, conf);
	if (!command_read_quietly("", conf, &configuration)) {
		text_put(problem, "the configuration is in error, see: kashim check");
		configuration_free(&configuration);
		return;
	}
	policy = build_policy(&configuration.build);
	if (!configuration.exists) {
		text_put(in_force, conf);
		text_put(in_force, ": does not exist, the built-in policy holds");
	} else if (access(path, F_OK) == -1) {
		text_put(problem, conf);
		text_put(problem, " was never compiled, run: kashim compile");
	} else if (library_is_safe("", path, problem) && !is_current(path, &policy)) {
		text_put(problem, path);
		text_put(problem, " is not that of ");
		text_put(problem, conf);
		text_put(problem, " as it is now, run: kashim compile");
	} else if (problem->used == 0) {
		text_put(in_force, path);
		text_put(in_force, ": current, ");
		command_put_counts(in_force, &configuration);
	}
	configuration_free(&configuration);
}

static void
look(struct findings *found)
{
	struct text library = text_in(found->library_problem, sizeof(found->library_problem));
	struct text in_force = text_in(found->policy, sizeof(found->policy));
	struct text policy = text_in(found->policy_problem, sizeof(found->policy_problem));

	found->line = library_preloaded();
	if (library_is_fit("", &library) && found->line != NULL && !library_is(found->line)) {
		text_put(&library, LIBRARY_PRELOAD_FILE " loads ");
		text_put(&library, found->line);
		text_put(&library, ", which is not ");
		text_put(&library, library_path());
		text_put(&library, ": kashim system enable");
	}
	look_at_policy(&in_force, &policy);
}

static void
print_census(const struct census *census, const char *programs)
{
	const char *gap = "";

	fputs("processes  ", stdout);
	for (enum census_kind kind = 0; kind < CENSUS_KINDS; kind++) {
		if (census->count[kind] == 0 && kind != CENSUS_LOADED)
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

/* What the kernel has counted in this network namespace. */
static bool
read_counters(uint64_t counters[COUNTER_COUNT])
{
	int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool read = self != -1 && counters_read(self, counters);

	if (self != -1)
		close(self);
	return read;
}

static void
print_counters(void)
{
	uint64_t counters[COUNTER_COUNT];

	if (!read_counters(counters))
		return;
	fputs("kernel     ", stdout);
	for (enum counter counter = 0; counter < COUNTER_COUNT; counter++)
		printf("%s%llu %s", counter == 0 ? "" : ", ", (unsigned long long)counters[counter],
		    counter_table[counter].words);
	puts("");
}

static void
put_counters(struct json *json)
{
	uint64_t counters[COUNTER_COUNT];
	bool read = read_counters(counters);

	for (enum counter counter = 0; counter < COUNTER_COUNT; counter++)
		json_number(json, counter_table[counter].key,
		    read ? (int64_t)counters[counter] : JSON_NULL);
}

static void
print_findings(const struct findings *found)
{
	if (found->line == NULL)
		puts("enabled    no: " LIBRARY_PRELOAD_FILE " does not load libkashim.so");
	else
		printf("enabled    yes: " LIBRARY_PRELOAD_FILE " loads %s\n", found->line);
	if (found->library_problem[0] == '\0')
		printf("library    %s: in order\n", library_path());
	else
		printf("library    %s\n", found->library_problem);
	printf("policy     %s%s\n", found->policy, found->policy_problem);
}

static const char *
unless_empty(const char *text)
{
	return *text == '\0' ? NULL : text;
}

static void
put_object(const struct findings *found, const struct census *census, const char *programs)
{
	struct json json = json_begin(stdout);

	json_object(&json);
	json_boolean(&json, "enabled", found->line != NULL);
	json_string(&json, "line", found->line);
	json_string(&json, "library", library_path());
	json_string(&json, "library_problem", unless_empty(found->library_problem));
	json_string(&json, "policy", unless_empty(found->policy));
	json_string(&json, "policy_problem", unless_empty(found->policy_problem));
	for (enum census_kind kind = 0; kind < CENSUS_KINDS; kind++)
		json_number(&json, kind_keys[kind], census->count[kind]);
	json_string(&json, "restart", census->program_count == 0 ? NULL : programs);
	put_counters(&json);
	json_end(&json);
}

bool
system_status(bool is_json)
{
	static struct findings found;
	struct census census;
	char *programs;
	bool good;

	look(&found);
	census = census_take(found.line != NULL);
	programs = census_programs(&census);
	if (is_json) {
		put_object(&found, &census, programs);
	} else {
		print_findings(&found);
		print_census(&census, programs);
		print_counters();
	}
	good = found.line != NULL && found.library_problem[0] == '\0' &&
	       found.policy_problem[0] == '\0';
	free(found.line);
	free(programs);
	census_free(&census);
	return good;
}
