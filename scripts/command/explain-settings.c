/* SPDX-License-Identifier: MIT */
#include "explain-settings.h"

#include <stdint.h>
#include <string.h>

#include "retransmit.h"

enum { DURATION_LONGEST = 32, BAR = 46, PROBES_DRAWN = 10, LABEL = 10 };

/* What a timeline is drawn with. */
struct pen {
	const char *start, *line, *between, *end;
};
static const struct pen ascii = { "|", "-", "|", "x" };
static const struct pen box = { "├", "─", "┼", "×" };

void
explain_settings(FILE *out, const struct settings *settings)
{
	if (settings->mode == MODE_OFF) {
		fputs("nothing, sockets are left alone", out);
		return;
	}
	fputs(settings->value[OPTION_KEEPALIVE] == 0 ? "keepalive off" : "keepalive on", out);
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];
		char value[40];
		struct text text = text_in(value, sizeof(value));

		if (option == OPTION_KEEPALIVE || option == OPTION_RETRANSMIT_MAX ||
		    row->name == 0 || settings->value[option] == VALUE_UNSET)
			continue;
		option_put(&text, option, settings->value[option]);
		fprintf(out, ", %s %s", row->key, value);
	}
}

/* What helps where the kernel has no retransmit_max, and what it costs. */
static void
print_in_flight_remedies(FILE *out, const struct settings *settings)
{
	int64_t dead = settings_dead_after(settings);
	uint32_t retries = 1;
	char silence[DURATION_LONGEST], end[DURATION_LONGEST];
	struct text text = text_in(silence, sizeof(silence));
	struct host_tcp host;

	if (dead < 0)
		return;
	while (retries < RETRANSMIT_RETRIES &&
	       host_tcp_in_flight_after(&(struct host_tcp){ retries }, settings) < dead)
		retries++;
	host = (struct host_tcp){ retries };
	text_put_duration(&text, dead);
	text = text_in(end, sizeof(end));
	text_put_duration(&text, host_tcp_in_flight_after(&host, settings));
	fprintf(out,
	    "          user_timeout = \"auto\" would end them after %s, and live connections whose peer does not read for as long\n"
	    "          sysctl net.ipv4.tcp_retries2=%u would end them after about %s, for every program of this host\n",
	    silence, retries, end);
}

void
explain_in_flight(FILE *out, const struct settings *settings, const struct host_tcp *host)
{
	int32_t user_timeout = settings->value[OPTION_USER_TIMEOUT];
	int32_t longest = settings->value[OPTION_RETRANSMIT_MAX];
	char word[DURATION_LONGEST];
	struct text text = text_in(word, sizeof(word));

	text_put_duration(&text, host_tcp_in_flight_after(host, settings));
	fprintf(out, "in flight unanswered data end after %s%s ", user_timeout > 0 ? "" : "about ",
	    word);
	if (user_timeout > 0) {
		fputs("(user_timeout), and so does a live peer that does not read\n", out);
	} else if (!host->has_retransmit_max) {
		fputs("(this kernel has no retransmit_max, Linux 6.15 has)\n", out);
		print_in_flight_remedies(out, settings);
	} else if (longest == VALUE_UNSET) {
		fputs("(the kernel's own time)\n", out);
	} else {
		fprintf(out, "(retransmit_max %g s)\n", longest / 1000.0);
	}
}

static void
print_times(FILE *out, const char *string, size_t count)
{
	for (; count != 0; count--)
		fputs(string, out);
}

static void
print_bar(FILE *out, const struct pen *pen, const char *word, size_t width)
{
	size_t dashes = width - 2 - strlen(word);

	fputs(pen->start, out);
	print_times(out, pen->line, dashes / 2);
	fputs(word, out);
	print_times(out, pen->line, dashes - dashes / 2);
	fputs(pen->between, out);
}

static void
print_probes(FILE *out, const struct pen *pen, int64_t count)
{
	bool many = count > PROBES_DRAWN;

	for (int64_t i = 0; i < (many ? 3 : count); i++)
		fprintf(out, "p%s", pen->between);
	if (many)
		fprintf(
		    out, ".. %lld more ..%sp%s", (long long)count - 4, pen->between, pen->between);
	fputs(pen->end, out);
}

/* 46 columns, fewer on a narrower terminal, but never less than the words need. */
static size_t
bar_width(size_t columns, size_t rest, size_t word)
{
	size_t width = columns > rest ? columns - rest : 0;

	if (width > BAR)
		width = BAR;
	return width < word + 4 ? word + 4 : width;
}

static void
print_line(FILE *out, const struct settings *settings, const struct terminal *terminal)
{
	const struct pen *pen = terminal->utf8 ? &box : &ascii;
	int64_t dead = settings_dead_after(settings);
	int64_t count = (dead - settings->value[OPTION_IDLE]) / settings->value[OPTION_INTERVAL];
	char idle_word[DURATION_LONGEST], dead_word[DURATION_LONGEST];
	struct text idle_text = text_in(idle_word, sizeof(idle_word));
	struct text dead_text = text_in(dead_word, sizeof(dead_word));
	size_t probes = count > PROBES_DRAWN ? 32 : 2 * (size_t)count + 1;

	text_put(&idle_text, " idle ");
	text_put_duration(&idle_text, settings->value[OPTION_IDLE]);
	text_put(&idle_text, " ");
	text_put(&dead_text, " dead at ");
	text_put_duration(&dead_text, dead);
	print_times(out, " ", LABEL);
	print_bar(out, pen, idle_word,
	    bar_width(terminal->columns, LABEL + probes + dead_text.used, idle_text.used));
	print_probes(out, pen, count);
	fprintf(out, "%s\n", dead_word);
}

void
explain_timeline(FILE *out, const struct settings *settings, const struct terminal *terminal)
{
	int32_t idle = settings->value[OPTION_IDLE];
	int32_t path_timeout = settings->value[OPTION_PATH_TIMEOUT];
	double probes = 3600.0 / idle;
	char word[DURATION_LONGEST];
	struct text text = text_in(word, sizeof(word));

	print_line(out, settings, terminal);
	if (path_timeout != VALUE_UNSET) {
		text_put_duration(&text, path_timeout);
		fprintf(out, "path      forgets a silent connection after %s: ", word);
		if (idle >= path_timeout)
			fprintf(out, "too slow, the first probe comes after %d s\n", idle);
		else
			fprintf(out, "the first probe comes at %d %% of that\n",
			    (int)((int64_t)idle * 100 / path_timeout));
	}
	if (probes < 1)
		fprintf(out, "traffic   a probe every %.1f hours on a silent connection\n",
		    idle / 3600.0);
	else
		fprintf(out,
		    "traffic   %.0f probes an hour on a silent connection, about %.1f kB each way\n",
		    probes, probes * EXPLAIN_PROBE_BYTES / 1000);
}
