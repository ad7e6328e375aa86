/* SPDX-License-Identifier: MIT */
#include "census.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocate.h"
#include "bounded.h"
#include "outside-patience.h"
#include "outside-process.h"

/* Programs that need a restart, by name. */
struct program_count {
	char *name;
	unsigned count;
};

static enum census_kind
kind_of(const struct process *process)
{
	if (process->refused != 0)
		return CENSUS_UNKNOWN;
	if (process->has_shim)
		return process->has_old_shim ? CENSUS_OLD : CENSUS_LOADED;
	if (process->is_elsewhere)
		return CENSUS_ELSEWHERE;
	if (!process->is_reached && (strstr(process->unreached, "static") != NULL ||
					strstr(process->unreached, "Go") != NULL))
		return CENSUS_UNREACHED;
	return CENSUS_WITHOUT;
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
	census->programs =
	    grow_or_exit(census->programs, census->program_count, sizeof(*census->programs));
	census->programs[census->program_count++] =
	    (struct program_count){ copy_or_exit(name, strlen(name)), 1 };
}

static int
by_name(const void *one, const void *other)
{
	return strcmp(
	    ((const struct program_count *)one)->name, ((const struct program_count *)other)->name);
}

/* What a child finds out about one process. */
struct sighting {
	enum census_kind kind;
	char name[256];
};

static void
look_at_process(int out, void *context)
{
	const pid_t *pid = context;
	struct sighting sighting = { CENSUS_UNKNOWN, "" };
	struct process process;
	struct text name = text_in(sighting.name, sizeof(sighting.name));

	if (!process_open_pid(*pid, &process))
		return;
	sighting.kind = kind_of(&process);
	text_put(&name, process.name);
	bounded_send(out, &sighting, sizeof(sighting), NULL, 0);
}

static void
take_sighting(const void *message, size_t size, void *context)
{
	if (size == sizeof(struct sighting))
		memcpy(context, message, size);
}

/* The first process is left alone by the library, and so are we. */
struct census
census_take(bool is_enabled)
{
	struct census census = { 0 };
	DIR *directory = opendir("/proc");
	const struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		struct sighting sighting = { CENSUS_KINDS, "" };
		const struct bounded bounded = { look_at_process, &pid, take_sighting, &sighting,
			PATIENCE_MS };

		if (pid <= 1 || pid == getpid())
			continue;
		if (!bounded_run(&bounded))
			sighting.kind = CENSUS_UNKNOWN;
		if (sighting.kind == CENSUS_KINDS)
			continue;
		census.count[sighting.kind]++;
		if (sighting.kind == CENSUS_OLD || (sighting.kind == CENSUS_WITHOUT && is_enabled))
			note_program(&census, sighting.name);
	}
	if (directory != NULL)
		closedir(directory);
	if (census.program_count != 0)
		qsort(census.programs, census.program_count, sizeof(*census.programs), by_name);
	return census;
}

/* "cron, sshd (3)" */
char *
census_programs(const struct census *census)
{
	char *bytes = NULL;
	size_t size = 0;
	FILE *out = stream_or_exit(&bytes, &size);

	for (size_t i = 0; i < census->program_count; i++) {
		const struct program_count *program = &census->programs[i];

		fprintf(out, "%s%s", i == 0 ? "" : ", ", program->name);
		if (program->count > 1)
			fprintf(out, " (%u)", program->count);
	}
	fclose(out);
	return bytes;
}

void
census_free(struct census *census)
{
	for (size_t i = 0; i < census->program_count; i++)
		free(census->programs[i].name);
	free(census->programs);
}
