/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "terminal.h"
#include "watch-sweep.h"

/* What was asked for on the command line. */
static struct {
	const char *conf, *metrics;
	int32_t every; /* seconds */
} asked = { .every = 15 };

/*
 * Say it where somebody reads: where the reader of a pipe has stopped, it is lost, and the sweeps go
 * on. A line that fits into a page is written at once, or not at all.
 */
static void
tell(const struct sweep_news *news)
{
	struct pollfd ready = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (poll(&ready, 1, 0) != 1)
		return;
	printf("%d ", (int)news->pid);
	terminal_put(stdout, news->program);
	if (news->changed != 0)
		printf(": %u socket%s changed", news->changed, news->changed == 1 ? "" : "s");
	if (news->wrong != NULL)
		printf(": not all of its sockets could be changed: %s", news->wrong);
	putchar('\n');
	fflush(stdout);
}

/* Where the new text is in error, the policy stays as it is. */
static void
read_policy_again(struct sweep *sweep)
{
	struct policies again = { .conf = asked.conf };

	if (!policies_open(&again)) {
		fputs("kashim: the policy stays as it was\n", stderr);
		policies_free(&again);
		return;
	}
	policies_free(&sweep->policies);
	sweep->policies = again;
	sweep_forget(sweep);
}

static void
write_metrics(const struct sweep *sweep)
{
	static bool said;

	if (asked.metrics == NULL)
		return;
	if (metrics_write(&sweep->metrics, asked.metrics)) {
		said = false;
	} else if (!said) {
		said = true;
		fprintf(
		    stderr, "kashim: %s: cannot be written: %s\n", asked.metrics, strerror(errno));
	}
}

/* Wait for a signal until the time has come, in milliseconds. Returns it, or 0. */
static int
wait_until(int64_t until, const sigset_t *signals)
{
	for (;;) {
		int64_t left = until - clock_ms(CLOCK_MONOTONIC);
		struct timespec wait = { 0 };
		int signal;

		if (left > 0) {
			wait.tv_sec = left / 1000;
			wait.tv_nsec = left % 1000 * CLOCK_NS_IN_MS;
		}
		signal = sigtimedwait(signals, NULL, &wait);
		if (signal != -1)
			return signal;
		if (errno == EAGAIN)
			return 0;
	}
}

static int
sweep_on(struct sweep *sweep)
{
	int64_t next;
	sigset_t signals;
	int signal = 0;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	while (signal != SIGTERM && signal != SIGINT) {
		next = clock_ms(CLOCK_MONOTONIC) + (int64_t)asked.every * 1000;
		if (signal == SIGHUP)
			read_policy_again(sweep);
		if (!sweep_once(sweep, tell)) {
			fputs(
			    "kashim: no network namespace can be listed: that needs root, or the capabilities in kashim-watch(8)\n",
			    stderr);
			return STATUS_FAILED;
		}
		write_metrics(sweep);
		signal = wait_until(next, &signals);
	}
	return STATUS_GOOD;
}

static bool
take_every(const char *value)
{
	char message[300];
	struct text error = text_in(message, sizeof(message));

	/* As long as an idle time: from 1 second to 9 hours. */
	if (option_read(&option_table[OPTION_IDLE], value, strlen(value), &asked.every, &error))
		return true;
	fprintf(stderr, "kashim: --every: %s\n", message);
	return false;
}

static int
run_watch(int count, char **operands)
{
	struct sweep sweep = { 0 };
	int status = STATUS_FAILED;

	(void)operands;
	if (count != 0)
		return command_usage();
	sweep.policies.conf = asked.conf;
	if (policies_open(&sweep.policies))
		status = sweep_on(&sweep);
	sweep_free(&sweep);
	return status;
}

static const struct command_option watch_rows[] = {
	{ "every", "DURATION", "time from one sweep to the next, 15s by default",
	    .take = take_every },
	{ "metrics", "FILE", "write what is found to it, for Prometheus", .value = &asked.metrics },
	COMMAND_CONF(&asked.conf),
	COMMAND_LAST,
};

const struct command command_watch = {
	.name = "watch",
	.summary = "put the policy on all sockets of the host, again and again",
	.run = run_watch,
	.options = watch_rows,
	.operands = "",
	.description =
	    "Sweep over the TCP sockets of all processes, network namespaces and containers of the host,\n"
	    "and put the policy on those that are new or have lost their timer: static and Go programs\n"
	    "are reached, too. Ends at SIGTERM; SIGHUP reads the configuration again. See kashim-watch(8).",
	.exit_status =
	    "0 ended by a signal; 1 the configuration is in error, or nothing may be looked at; 2 wrong usage.",
};
