/* SPDX-License-Identifier: MIT */
/*
 * How long a program takes to start: start ROUNDS [NAME PRELOAD CONF]... starts /bin/true in turn
 * with each variant ("-" for none) and prints the median, and the median of what it costs over the
 * first variant.
 */
#include <sched.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/wait.h>

#include "measure.h"

enum { VARIANTS_MOST = 16, FIELDS = 3 };

struct variant {
	const char *name;
	char preload[4096], conf[4096];
	int64_t *time; /* of each round, in ns */
};

static int64_t
start(struct variant *variant)
{
	char name[] = "true", path[] = "PATH=/usr/bin:/bin";
	char *arguments[] = { name, NULL };
	char *environment[4] = { path };
	int64_t before = measure_now();
	int status = -1, used = 1;
	pid_t child;

	if (variant->preload[0] != '\0')
		environment[used++] = variant->preload;
	if (variant->conf[0] != '\0')
		environment[used++] = variant->conf;
	if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environment) != 0 ||
	    waitpid(child, &status, 0) != child || status != 0) {
		fprintf(stderr, "start: /bin/true failed under %s\n", variant->name);
		exit(1);
	}
	return measure_now() - before;
}

static double
median(int64_t *value, int count)
{
	return (double)measure_median(value, count) / 1000.0;
}

static void
set(char *variable, size_t size, const char *name, const char *value)
{
	if (strcmp(value, "-") != 0)
		snprintf(variable, size, "%s=%s", name, value);
}

int
main(int argc, char **argv)
{
	static struct variant variant[VARIANTS_MOST];
	int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
	int count = (argc - 2) / FIELDS;
	cpu_set_t one;

	if (rounds < 1 || count < 1 || count > VARIANTS_MOST) {
		fputs("usage: start ROUNDS [NAME PRELOAD CONF]...\n", stderr);
		return 2;
	}
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (int i = 0; i < count; i++) {
		variant[i].name = argv[2 + FIELDS * i];
		set(variant[i].preload, sizeof(variant[i].preload), "LD_PRELOAD",
		    argv[3 + FIELDS * i]);
		set(variant[i].conf, sizeof(variant[i].conf), "KASHIM_CONF", argv[4 + FIELDS * i]);
		variant[i].time = calloc((size_t)rounds, sizeof(*variant[i].time));
		if (variant[i].time == NULL)
			return 1;
	}
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++)
			variant[i].time[round] = start(&variant[i]);

	printf("%-34s %10s %10s\n", "start of /bin/true", "us", "extra us");
	for (int i = count - 1; i >= 0; i--)
		for (int round = 0; i > 0 && round < rounds; round++)
			variant[i].time[round] -= variant[0].time[round];
	for (int i = 0; i < count; i++) {
		double extra = median(variant[i].time, rounds);

		if (i == 0)
			printf("%-34s %10.1f %10s\n", variant[i].name, extra, "");
		else
			printf("%-34s %10s %10.1f\n", variant[i].name, "", extra);
	}
	return 0;
}
