/* SPDX-License-Identifier: MIT */
#include "measure-show.h"

#include <stdio.h>
#include <unistd.h>

#include <sys/ioctl.h>

enum {
	BAR = 30, /* columns, where there are so many */
	TIME_COLUMNS = 10,
	WORDS_COLUMNS = 46, /* behind the bar */
};

bool
show_fits(const struct measure *measure)
{
	struct winsize size = { 0 };

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 2 * TIME_COLUMNS &&
	       size.ws_row > measure->trial_count + 2;
}

/* How wide the bar may be: 0 where there is none. */
static size_t
bar_width(const struct show *show)
{
	size_t besides = TIME_COLUMNS + 4 + WORDS_COLUMNS;

	if (show->way != SHOW_BARS || show->terminal.columns < besides + 10)
		return 0;
	return show->terminal.columns < besides + BAR ? 10 : BAR;
}

static void
put_bar(const struct measure *measure, const struct trial *trial, size_t width)
{
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

/* Print what fits on a line of which so many columns are used: one that wraps cannot be redrawn. */
static void
put_words(const struct show *show, const char *words, size_t used)
{
	if (show->way == SHOW_BARS)
		printf("%.*s", (int)(show->terminal.columns - 1 - used), words);
	else
		fputs(words, stdout);
}

void
show_put_line(const struct show *show, const struct measure *measure, const struct trial *trial)
{
	char time[40];
	char words[200];
	struct text text = text_in(time, sizeof(time));
	const char *colour = colour_of(show, trial->fate);
	size_t width = bar_width(show);

	show_put_time(&text, trial->planned);
	text = text_in(words, sizeof(words));
	show_put_fate(&text, measure, trial);
	printf("%8s  ", time);
	if (width != 0)
		put_bar(measure, trial, width);
	fputs(colour, stdout);
	put_words(show, words, TIME_COLUMNS + (width == 0 ? 0 : width + 4));
	fputs(*colour == '\0' ? "\n" : "\033[0m\n", stdout);
}

static void
append_cure(struct text *text, const struct measure *measure)
{
	text_put(text, ", cure: ");
	text_put_number(text, measure->cure.answered);
	text_put(text, " of ");
	text_put_number(text, measure->cure.probes);
	text_put(text, ", ");
	text_put_duration(text, (cure_left(measure) + 999) / 1000);
	text_put(text, " left");
}

/* The line below the connections. */
static void
put_network(const struct show *show, const struct measure *measure)
{
	const struct control *control = &measure->control;
	const struct cure *cure = &measure->cure;
	char words[200];
	struct text text = text_in(words, sizeof(words));

	if (control->is_down) {
		text_put(&text, "the network or the server is away");
	} else {
		text_put(&text, "control: ");
		text_put_number(&text, control->loss.answered);
		text_put(&text, " of ");
		text_put_number(&text, control->loss.sent);
		text_put(&text, " probes answered");
	}
	if (cure->attempts != 0 && !cure->is_settled)
		append_cure(&text, measure);
	printf("%*s", TIME_COLUMNS, "");
	put_words(show, words, TIME_COLUMNS);
	fputs("\n", stdout);
}

void
show_draw(struct show *show, const struct measure *measure)
{
	if (measure->round == 0)
		return;
	if (show->drawn != 0)
		printf("\033[%zuA", show->drawn);
	for (size_t i = 0; i < measure->trial_count; i++) {
		fputs("\033[2K", stdout);
		show_put_line(show, measure, &measure->trials[i]);
	}
	fputs("\033[2K", stdout);
	put_network(show, measure);
	show->drawn = measure->trial_count + 1;
	show->drawn_at = measure->now;
	fflush(stdout);
}
