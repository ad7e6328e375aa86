/* SPDX-License-Identifier: MIT */
#include "measure-show.h"

#include <string.h>

static const char *const fate_words[] = {
	[FATE_WAITING] = "waiting",
	[FATE_CONNECTING] = "connecting",
	[FATE_SILENT] = "silent",
	[FATE_PROBING] = "probing",
	[FATE_ENDED] = "ended",
	[FATE_REMEMBERED] = "remembered",
	[FATE_FORGOTTEN] = "forgotten",
	[FATE_CLOSED] = "closed_by_server",
	[FATE_SPOKEN] = "server_speaks",
	[FATE_VOID] = "void",
	[FATE_NOT_NEEDED] = "not_needed",
};

const char *
show_fate_word(enum fate fate)
{
	return fate_words[fate];
}

void
show_put_time(struct text *text, int64_t milliseconds)
{
	int64_t tenths = (milliseconds + 50) / 100;

	if (milliseconds >= 20000 || tenths % 10 == 0) {
		text_put_duration(text, (milliseconds + 500) / 1000);
		return;
	}
	text_put_number(text, tenths / 10);
	text_put(text, ".");
	text_put_number(text, tenths % 10);
	text_put(text, "s");
}

static void
put_forgotten(struct text *text, const struct trial *trial)
{
	text_put(text, "forgotten: ");
	if (trial->manner == MANNER_SILENCE) {
		text_put(text, "no answer to ");
		text_put_number(text, trial->at_once + trial->unanswered);
		text_put(text, " probes");
		return;
	}
	text_put(text, trial->manner == MANNER_RESET ? "RST" : "FIN");
	text_put(text, trial->is_probed ? " to a probe" : " after ");
	if (!trial->is_probed)
		show_put_time(text, trial->silence);
}

static void
put_void(struct text *text, const struct trial *trial)
{
	text_put(text, "not counted: ");
	if (trial->silent_since == 0) {
		text_put(text, "cannot be opened: ");
		text_put(text, strerror(trial->connection.error));
	} else if (trial->ended == 0 && trial->connection.error == 0) {
		text_put(text, "the server ended it at once");
	} else {
		text_put(text, "the network or the server was away");
	}
}

void
show_put_fate(struct text *text, const struct measure *measure, const struct trial *trial)
{
	int64_t left = trial->silent_since + trial->planned - measure->now +
		       (trial->is_settled ? 0 : PLAN_LOWEST);

	switch (trial->fate) {
	case FATE_SILENT:
		text_put_duration(text, (left + 999) / 1000);
		text_put(text, " left");
		break;
	case FATE_PROBING:
		text_put_number(text, trial->at_once + trial->unanswered);
		text_put(text, trial->at_once + trial->unanswered == 1 ? " probe" : " probes");
		text_put(text, " without an answer");
		break;
	case FATE_ENDED:
		text_put(text, "ended, it shows soon by whom");
		break;
	case FATE_REMEMBERED:
		text_put(text, "remembered, answered within ");
		text_put_number(text, trial->answered_in);
		text_put(text, " ms");
		break;
	case FATE_FORGOTTEN:
		put_forgotten(text, trial);
		break;
	case FATE_CLOSED:
		text_put(text, "ended by the server after ");
		show_put_time(text, trial->age);
		break;
	case FATE_SPOKEN:
		text_put(text, "the server speaks each ");
		show_put_time(text, trial->pause);
		break;
	case FATE_VOID:
		put_void(text, trial);
		break;
	case FATE_NOT_NEEDED:
		text_put(text, "not needed");
		break;
	case FATE_WAITING:
	case FATE_CONNECTING:
		text_put(text, fate_words[trial->fate]);
		break;
	}
}
