/* SPDX-License-Identifier: MIT */
#include "metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <netinet/tcp.h>
#include <sys/stat.h>

#include "allocate.h"
#include "outside-socket.h"

static const char *const keepalive_names[METRICS_KEEPALIVES] = {
	[METRICS_ON] = "on",
	[METRICS_OFF] = "off",
	[METRICS_UNKNOWN] = "unknown",
};

void
metrics_add_kernel(struct metrics *metrics, int directory, uint64_t netns)
{
	struct metrics_kernel kernel = { .netns = netns };

	if (!counters_read(directory, kernel.counter))
		return;
	metrics->kernel = grow_or_exit(metrics->kernel, metrics->kernels, sizeof(kernel));
	metrics->kernel[metrics->kernels++] = kernel;
}

static void
print_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
print_one(FILE *out, const char *name, const char *type, const char *help, double value)
{
	print_head(out, name, type, help);
	fprintf(out, "%s %.15g\n", name, value);
}

/* All states, so that a series does not come and go. */
static void
print_sockets(const struct metrics *metrics, FILE *out)
{
	print_head(out, "kashim_sockets", "gauge", "TCP sockets by state and keepalive.");
	for (int state = 0; state < METRICS_STATES; state++) {
		if (state == TCP_TIME_WAIT || state == TCP_SYN_RECV || state > TCP_CLOSING)
			continue;
		for (int i = 0; i < METRICS_KEEPALIVES; i++)
			fprintf(out, "kashim_sockets{state=\"%s\",keepalive=\"%s\"} %lu\n",
			    state == 0 ? "unknown" : socket_state_name(state), keepalive_names[i],
			    metrics->sockets[state][i]);
	}
}

static void
print_kernel(const struct metrics *metrics, FILE *out)
{
	for (enum counter counter = 0; counter < COUNTER_COUNT; counter++) {
		const struct counter_row *row = &counter_table[counter];

		if (metrics->kernels != 0)
			print_head(out, row->metric, "counter", row->help);
		for (size_t i = 0; i < metrics->kernels; i++)
			fprintf(out, "%s{netns=\"%llu\"} %llu\n", row->metric,
			    (unsigned long long)metrics->kernel[i].netns,
			    (unsigned long long)metrics->kernel[i].counter[counter]);
	}
}

static void
print_watch(const struct metrics *metrics, FILE *out)
{
	print_one(out, "kashim_sockets_changed_total", "counter",
	    "Sockets that kashim watch put the policy on since it was started.",
	    (double)metrics->changed);
	print_one(out, "kashim_sweeps_total", "counter",
	    "Sweeps of kashim watch since it was started.", (double)metrics->sweeps);
	print_one(out, "kashim_sweep_duration_seconds", "gauge",
	    "How long the last sweep of kashim watch took.", metrics->seconds);
	print_one(out, "kashim_sweep_processor_seconds", "gauge",
	    "Processor time of the last sweep of kashim watch.", metrics->processor_seconds);
	print_one(out, "kashim_sweep_timestamp_seconds", "gauge",
	    "When the last sweep of kashim watch ended, in seconds since 1970.",
	    (double)metrics->finished);
}

void
metrics_print(const struct metrics *metrics, FILE *out)
{
	print_sockets(metrics, out);
	print_one(out, "kashim_sockets_unprotected", "gauge",
	    "TCP sockets that lack what the policy wants.", (double)metrics->unprotected);
	print_one(out, "kashim_processes_unreadable", "gauge",
	    "Processes that could not be looked at.", (double)metrics->unreadable);
	print_one(out, "kashim_policy_good", "gauge",
	    "1 where the configuration is in order, 0 where it is in error.",
	    metrics->policy_good ? 1 : 0);
	if (metrics->watches)
		print_watch(metrics, out);
	print_kernel(metrics, out);
}

/* A name of its own in the same directory, which the collector overlooks. */
bool
metrics_write(const struct metrics *metrics, const char *path)
{
	char *temporary;
	FILE *out = NULL;
	bool good = false;
	int fd, why;

	if (asprintf(&temporary, "%s.new", path) == -1)
		return false;
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd != -1)
		out = fdopen(fd, "w");
	if (out != NULL) {
		metrics_print(metrics, out);
		good = fchmod(fd, 0644) == 0;
		good &= fclose(out) == 0;
		good = good && rename(temporary, path) == 0;
		why = errno;
		if (!good)
			unlink(temporary);
		errno = why;
	}
	free(temporary);
	return good;
}

void
metrics_free(struct metrics *metrics)
{
	free(metrics->kernel);
	metrics->kernel = NULL;
	metrics->kernels = 0;
}
