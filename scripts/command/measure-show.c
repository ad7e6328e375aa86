/* SPDX-License-Identifier: MIT */
#include "measure-show.h"

#include <string.h>
#include <unistd.h>

#include <sys/ioctl.h>

enum { REDRAW = 1000, BAR = 30, BESIDES_BAR = 56 };

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

/* A round that is higher than the terminal could not be drawn again. */
static bool
fits(const struct measure *measure)
{
	struct winsize size = { 0 };

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 ||
	       size.ws_row > measure->trial_count + 3;
}

static void
put_bar(const struct show *show, const struct measure *measure, const struct trial *trial)
{
	size_t width = show->terminal.columns > BESIDES_BAR + BAR ? BAR : 10;
	int64_t passed = measure->now - trial->silent_since;
	size_t full = 0;

	if (trial->fate == FATE_SILENT && passed < trial->planned)
		full = (size_t)(passed * (int64_t)width / trial->planned);
	else if (trial->fate >= FATE_PROBING && trial->fate <= FATE_FORGOTTEN)
		full = width;
	fputs("[", stdout);
	for (size_t i = 0; i < width; i++)
		fputs(i < full ? "#" : " ", stdout);
	fputs("]  ", stdout);
}

static const char *
colour_of(const struct show *show, enum fate fate)
{
	if (!show->terminal.colour)
		return "";
	if (fate == FATE_REMEMBERED)
		return "\033[32m";
	return fate == FATE_FORGOTTEN ? "\033[31m" : "";
}

static void
put_line(const struct show *show, const struct measure *measure, const struct trial *trial)
{
	char time[40];
	char words[200];
	struct text text = text_in(time, sizeof(time));
	const char *colour = colour_of(show, trial->fate);

	show_put_time(&text, trial->planned);
	text = text_in(words, sizeof(words));
	show_put_fate(&text, measure, trial);
	printf("%8s  ", time);
	if (show->way == SHOW_BARS)
		put_bar(show, measure, trial);
	fputs(colour, stdout);
	if (show->terminal.columns > BESIDES_BAR)
		fputs(words, stdout);
	else
		fputs(show_fate_word(trial->fate), stdout);
	fputs(*colour == '\0' ? "\n" : "\033[0m\n", stdout);
}

static void
put_cure(const struct measure *measure)
{
	char time[40];
	struct text text = text_in(time, sizeof(time));

	text_put_duration(&text, (cure_left(measure) + 999) / 1000);
	printf(", cure: %lld of %lld, %s left", (long long)measure->cure.answered,
	    (long long)measure->cure.probes, time);
}

/* The line below the connections. */
static void
put_network(const struct measure *measure)
{
	const struct control *control = &measure->control;
	const struct cure *cure = &measure->cure;

	if (control->is_down)
		fputs("          the network or the server is away", stdout);
	else
		printf("          control: %lld of %lld probes answered",
		    (long long)control->loss.answered, (long long)control->loss.sent);
	if (cure->attempts != 0 && !cure->is_settled)
		put_cure(measure);
	fputs("\n", stdout);
}

static void
draw(struct show *show, const struct measure *measure)
{
	if (measure->round == 0)
		return;
	if (show->drawn != 0)
		printf("\033[%zuA", show->drawn);
	for (size_t i = 0; i < measure->trial_count; i++) {
		fputs("\033[2K", stdout);
		put_line(show, measure, &measure->trials[i]);
	}
	fputs("\033[2K", stdout);
	put_network(measure);
	show->drawn = measure->trial_count + 1;
	show->drawn_at = measure->now;
	fflush(stdout);
}

static void
put_begin(struct show *show, const struct measure *measure)
{
	char time[40];
	char remote[TARGET_NAME_SIZE];
	struct text text = text_in(time, sizeof(time));

	target_name(measure->target.chosen->ai_addr, measure->target.chosen->ai_addrlen, remote);
	show_put_time(&text, plan_at_most(&measure->bounds));
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
	if (show->way == SHOW_BARS && !fits(measure))
		show->way = SHOW_LINES;
	fflush(stdout);
}

static void
put_event(
    struct show *show, const struct measure *measure, enum event event, const struct trial *trial)
{
	if (event == EVENT_FATE && trial->fate != FATE_NOT_NEEDED)
		put_line(show, measure, trial);
	else if (event == EVENT_NETWORK && measure->round != 0)
		puts(measure->control.is_down ? "          the network or the server is away"
					      : "          it is back");
	else if (event == EVENT_CURE && !measure->cure.is_settled)
		printf("          now one with a probe after each %d s\n", measure->cure.idle);
	fflush(stdout);
}

static void
put_object(struct show *show, const struct measure *measure, const struct trial *trial)
{
	struct json *json = &show->json;

	json_object(json);
	json_string(json, "type", "connection");
	json_number(json, "round", measure->round);
	json_milliseconds(json, "planned", trial->planned);
	if (trial->silence == 0)
		json_null(json, "silence");
	else
		json_milliseconds(json, "silence", trial->silence);
	json_string(json, "fate", show_fate_word(trial->fate));
	json_number(json, "probes", trial->at_once + trial->unanswered);
	if (trial->fate == FATE_REMEMBERED)
		json_milliseconds(json, "answered_in", trial->answered_in);
	else
		json_null(json, "answered_in");
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
		draw(show, measure);
	}
}
