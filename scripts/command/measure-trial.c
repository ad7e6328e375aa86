/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "measure.h"

bool
trial_is_over(const struct trial *trial)
{
	return trial->fate >= FATE_REMEMBERED;
}

/* What is longer than what was forgotten needs no waiting for. What is probed says more. */
static void
end_longer_ones(struct measure *measure)
{
	for (size_t i = 0; i < measure->trial_count; i++) {
		struct trial *trial = &measure->trials[i];

		if (trial->fate < FATE_PROBING && trial->planned > measure->bounds.forgotten)
			trial_settle(measure, trial, FATE_NOT_NEEDED);
	}
}

static void
add_sample(struct measure *measure, const struct trial *trial)
{
	if (measure->sample_count == MEASURE_SAMPLES)
		return;
	measure->samples[measure->sample_count++] = (struct sample){
		.silence = trial->silence,
		.forgotten = trial->fate == FATE_FORGOTTEN ? trial->manner : MANNER_NONE,
	};
	measure->finding = verdict_find(measure->samples, measure->sample_count);
	measure->bounds.remembered = measure->finding.remembered;
	measure->bounds.forgotten = measure->finding.forgotten;
	measure->bounds.is_doubtful = verdict_is_doubtful(
	    measure->samples, measure->sample_count, &measure->finding, &measure->control.loss);
}

/* The server ends, or breaks, each silence that is so long. */
static void
add_limit(struct measure *measure, int64_t limit, bool is_speech)
{
	struct bounds *bounds = &measure->bounds;

	if (bounds->limit != 0 && bounds->limit <= limit)
		return;
	bounds->limit = limit;
	measure->limit_is_speech = is_speech;
}

void
trial_settle(struct measure *measure, struct trial *trial, enum fate fate)
{
	trial->fate = fate;
	if (fate == FATE_REMEMBERED || fate == FATE_FORGOTTEN)
		add_sample(measure, trial);
	if (fate == FATE_CLOSED || fate == FATE_SPOKEN)
		add_limit(
		    measure, fate == FATE_CLOSED ? trial->age : trial->pause, fate == FATE_SPOKEN);
	connection_end(&trial->connection, 0);
	measure->notice(measure, EVENT_FATE, trial);
	if (fate == FATE_FORGOTTEN && measure->bounds.forgotten != 0)
		end_longer_ones(measure);
}

/* RST and FIN say something, other errors that the network is not there. */
static void
see_end(struct measure *measure, struct trial *trial)
{
	int error = trial->connection.error;

	/* A server that has enough connections ends more of them at once. */
	if ((error != 0 && error != ECONNRESET) || measure->now - trial->opened < PLAN_LOWEST / 2) {
		trial_settle(measure, trial, FATE_VOID);
		return;
	}
	if (error == 0)
		trial->is_probed = false;
	if (!trial->is_probed)
		trial->silence = measure->now - trial->silent_since;
	trial->age = measure->now - trial->opened;
	trial->ended = measure->now;
	trial->manner = error == 0 ? MANNER_CLOSED : MANNER_RESET;
	trial->fate = FATE_ENDED;
}

/* Who ended it? */
static void
judge_end(struct measure *measure, struct trial *trial)
{
	const struct control *control = &measure->control;
	int64_t age = 0;
	enum ended_by by;

	if (control->reset > trial->opened) {
		trial_settle(measure, trial, FATE_VOID);
		return;
	}
	/* A server that starts anew resets the control connection within a second, too. */
	if (control->is_down || control->last_answer <= trial->ended)
		return;
	if (trial->is_probed) {
		trial_settle(measure, trial, FATE_FORGOTTEN);
		return;
	}
	if (control->connection.state == CONNECTION_OPEN)
		age = measure->now - control->opened;
	by = verdict_ended_by(trial->age, age, control->ended_age);
	if (by != ENDED_BY_UNKNOWN)
		trial_settle(measure, trial, by == ENDED_BY_SERVER ? FATE_CLOSED : FATE_FORGOTTEN);
}

static void
follow_opening(struct measure *measure, struct trial *trial)
{
	if (trial->connection.state == CONNECTION_ENDED)
		trial_settle(measure, trial, FATE_VOID);
	if (trial->connection.state != CONNECTION_OPEN)
		return;
	trial->opened = measure->now;
	silence_begin(measure, trial);
}

void
trial_follow(struct measure *measure, struct trial *trial, short events)
{
	if (trial->fate == FATE_ENDED) {
		judge_end(measure, trial);
		return;
	}
	connection_look(&trial->connection, events, measure->now);
	if (trial->fate == FATE_CONNECTING)
		follow_opening(measure, trial);
	else if (trial->connection.state == CONNECTION_ENDED && !trial_is_over(trial))
		see_end(measure, trial);
	else if (trial->fate == FATE_SILENT || trial->fate == FATE_PROBING)
		silence_follow(measure, trial);
}
