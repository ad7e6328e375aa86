/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <string.h>

#include "command.h"
#include "measure-show.h"
#include "measure.h"
#include "option.h"

/* In seconds. What is longer than a day path_timeout does not have. */
static const struct option_row duration_rows[] = {
	{ "longest", 0, 0, 2, PLAN_HIGHEST / 1000, UNIT_SECONDS },
	{ "shortest", 0, 0, PLAN_LOWEST / 1000, PLAN_HIGHEST / 1000, UNIT_SECONDS },
};

/* What was asked for on the command line. */
static struct {
	int64_t longest, shortest; /* milliseconds */
	const char *local;
	bool is_json;
} asked = { .longest = 3600000 };

static volatile sig_atomic_t interrupted;

static void
interrupt(int signal)
{
	interrupted = signal;
}

static bool
read_duration(const struct option_row *row, const char *value, int64_t *milliseconds)
{
	char message[300];
	struct text error = text_in(message, sizeof(message));
	int32_t seconds;

	if (!option_read(row, value, strlen(value), &seconds, &error)) {
		fprintf(stderr, "kashim: --%s: %s\n", row->key, message);
		return false;
	}
	*milliseconds = (int64_t)seconds * 1000;
	return true;
}

static bool
take_longest(const char *value)
{
	return read_duration(&duration_rows[0], value, &asked.longest);
}

static bool
take_shortest(const char *value)
{
	return read_duration(&duration_rows[1], value, &asked.shortest);
}

/* 15 s, where that is short. */
static int64_t
shortest_for(int64_t longest)
{
	int64_t shortest = longest < 60000 ? longest / 4 : 15000;

	return shortest < PLAN_LOWEST ? PLAN_LOWEST : shortest;
}

/* The first signal ends the measurement, and what is known is shown; the second one ends that. */
static void
catch_signals(void)
{
	struct sigaction action = { .sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int
measure(struct measure *measured, const char *host_port)
{
	char message[400];
	struct text error = text_in(message, sizeof(message));
	static struct show show;
	bool is_usage;

	if (!target_find(&measured->target, host_port, asked.local, &error, &is_usage)) {
		fprintf(stderr, "kashim: %s\n", message);
		target_free(&measured->target);
		return is_usage ? STATUS_USAGE : STATUS_FAILED;
	}
	show = show_begin(host_port, asked.is_json);
	catch_signals();
	measured->interrupted = &interrupted;
	measured->notice = show_notice;
	measured->context = &show;
	measure_run(measured);
	show_result(&show, measured);
	target_free(&measured->target);
	return measured->outcome == OUTCOME_MEASURED ? STATUS_GOOD : STATUS_FAILED;
}

static int
run_measure(int count, char **operands)
{
	static struct measure measured;

	if (count != 1)
		return command_usage();
	if (asked.shortest == 0)
		asked.shortest = shortest_for(asked.longest);
	if (asked.shortest >= asked.longest) {
		fputs(
		    "kashim: --shortest: is not less than --longest, which is 1h unless it is given\n",
		    stderr);
		return STATUS_USAGE;
	}
	measured.bounds = (struct bounds){ .shortest = asked.shortest, .longest = asked.longest };
	return measure(&measured, *operands);
}

static const struct command_option measure_rows[] = {
	{ "longest", "DURATION", "the longest silence to try, 1h", .take = take_longest },
	{ "shortest", "DURATION", "the silence to begin with, 15s or a quarter of the longest",
	    .take = take_shortest },
	{ "local", "ADDR", "the own address to connect from", .value = &asked.local },
	COMMAND_JSON(&asked.is_json),
	COMMAND_LAST,
};

const struct command command_measure = {
	.name = "measure",
	.summary = "after how much silence does a path forget a connection?",
	.run = run_measure,
	.options = measure_rows,
	.operands = "HOST:PORT",
	.description =
	    "Open up to 16 connections to a TCP server that leaves silent ones open, let each be silent for\n"
	    "another time, and see by a keepalive probe whether the path still remembers it. Shows the\n"
	    "silence after which it forgets, whether probes prevent that, and the path_timeout to configure.\n"
	    "No data is sent. Ask whose server it is. Ctrl-C shows what is known so far. See kashim-measure(1).",
	.exit_status =
	    "0 measured; 1 nothing was forgotten, or it cannot be measured, and why; 2 wrong usage.",
};
