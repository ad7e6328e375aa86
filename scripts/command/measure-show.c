/* SPDX-License-Identifier: MIT */
#include "measure-show.h"

#include <string.h>
#include <unistd.h>

enum { REDRAW = 1000 }; /* milliseconds */

struct show
show_begin(const char *host_port, bool is_json)
{
	struct show show = { .host_port = host_port, .terminal = terminal_of(STDOUT_FILENO) };

	if (is_json) {
		show.way = SHOW_JSON;
		show.json = json_begin(stdout);
	} else if (show.terminal.is_terminal) {
		show.way = SHOW_BARS;
	}
	return show;
}

/* Seconds of an hour say nothing. */
static int64_t
rounded_up(int64_t milliseconds)
{
	int64_t unit = milliseconds < 600000 ? 1000 : 60000;

	return (milliseconds + unit - 1) / unit * unit;
}

static void
put_begin(struct show *show, const struct measure *measure)
{
	char time[40];
	char remote[TARGET_NAME_SIZE];
	struct text text = text_in(time, sizeof(time));

	target_name(measure->target.chosen->ai_addr, measure->target.chosen->ai_addrlen, remote);
	show_put_time(&text, rounded_up(plan_at_most(&measure->bounds)));
	fputs("How long may a connection to ", stdout);
	terminal_put(stdout, show->host_port);
	if (strcmp(remote, show->host_port) != 0)
		printf(" (%s)", remote);
	printf(" from %s be silent?\n", measure->local);
	printf("This takes %s at most, and as a rule two to three times the answer.\n", time);
}

static void
put_round(struct show *show, const struct measure *measure)
{
	char from[40], to[40];
	struct text text = text_in(from, sizeof(from));
	size_t count = measure->trial_count;

	if (measure->round == 1)
		put_begin(show, measure);
	show_put_time(&text, measure->trials[0].planned);
	text = text_in(to, sizeof(to));
	show_put_time(&text, measure->trials[count - 1].planned);
	printf("\nround %d, %zu connection%s, silent for %s", measure->round, count,
	    count == 1 ? "" : "s", from);
	printf(count == 1 ? "\n" : " to %s\n", to);
	show->drawn = 0;
	if (show->way == SHOW_BARS && !show_fits(measure))
		show->way = SHOW_LINES;
	fflush(stdout);
}

static void
put_cure(const struct measure *measure)
{
	char idle[40];
	struct text text = text_in(idle, sizeof(idle));

	text_put_duration(&text, measure->cure.idle);
	printf("          now one with a probe after each %s\n", idle);
}

static void
put_event(
    struct show *show, const struct measure *measure, enum event event, const struct trial *trial)
{
	if (event == EVENT_FATE && trial->fate != FATE_NOT_NEEDED)
		show_put_line(show, measure, trial);
	else if (event == EVENT_NETWORK && measure->round != 0)
		puts(measure->control.is_down ? "          the network or the server is away"
					      : "          it is back");
	else if (event == EVENT_CURE && !measure->cure.is_settled)
		put_cure(measure);
	fflush(stdout);
}

static void
put_object(struct show *show, const struct measure *measure, const struct trial *trial)
{
	struct json *json = &show->json;
	bool is_answered = trial->fate == FATE_REMEMBERED;

	json_object(json);
	json_string(json, "type", "connection");
	json_number(json, "round", measure->round);
	json_milliseconds(json, "planned", trial->planned);
	json_milliseconds(json, "silence", trial->silence == 0 ? JSON_NULL : trial->silence);
	json_string(json, "fate", show_fate_word(trial->fate));
	json_number(json, "probes", trial->at_once + trial->unanswered);
	json_milliseconds(json, "answered_in", is_answered ? trial->answered_in : JSON_NULL);
	fflush(stdout);
}

void
show_notice(struct measure *measure, enum event event, const struct trial *trial)
{
	struct show *show = measure->context;

	if (show->way == SHOW_JSON) {
		if (event == EVENT_FATE)
			put_object(show, measure, trial);
	} else if (event == EVENT_ROUND) {
		put_round(show, measure);
	} else if (show->way == SHOW_LINES) {
		put_event(show, measure, event, trial);
	} else if (event != EVENT_TICK || measure->now - show->drawn_at >= REDRAW) {
		show_draw(show, measure);
	}
}
