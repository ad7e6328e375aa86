/* SPDX-License-Identifier: MIT */
#include "measure.h"

enum {
	PROBE_PATIENCE = 180000,
	AT_ONCE = 2, /* probes that follow each other at once */
};

int64_t
silence_needed(const struct trial *trial)
{
	return trial->is_settled ? trial->planned : PLAN_LOWEST;
}

void
silence_begin(struct measure *measure, struct trial *trial)
{
	connection_be_silent(&trial->connection);
	trial->fate = FATE_SILENT;
	trial->silent_since = measure->now;
	trial->received = trial->connection.received;
	trial->at_once = trial->unanswered = 0;
	trial->is_probed = false;
}

/* The server sent something: data, or a probe of its own. The silence begins anew. */
static void
start_again(struct measure *measure, struct trial *trial)
{
	int64_t pause = measure->now - trial->silent_since;

	trial->pauses = verdict_is_same_age(pause, trial->pause) ? trial->pauses + 1 : 0;
	trial->pause = pause;
	if (trial->connection.spoke)
		trial->opened = measure->now;
	silence_begin(measure, trial);
	if (trial->pauses >= (pause >= PLAN_LOWEST ? 3 : 30) ||
	    measure->now - trial->begun > 4 * trial->planned + 60000)
		trial_settle(measure, trial, FATE_SPOKEN);
}

/*
 * The next probe. The first ones follow each other at once: where one is lost, the path still sees
 * the end of the silence now. The others come at times that are so irregular that what loses each
 * third packet takes turns, and not within the half second in which Linux answers only once.
 */
static void
probe(struct measure *measure, struct trial *trial)
{
	static const int64_t pauses[] = { 1000, 600, 1600, 600, 600, 2100, 1100 };
	size_t pause = (size_t)trial->unanswered % (sizeof(pauses) / sizeof(*pauses));

	connection_probe(&trial->connection);
	if (trial->at_once < AT_ONCE) {
		trial->at_once++;
		trial->next_probe = measure->now + 20;
		return;
	}
	if (trial->unanswered == 0)
		trial->control_answers = measure->control.loss.answered;
	trial->unanswered++;
	trial->next_probe = measure->now + 2 * trial->connection.round_trip + pauses[pause];
}

static void
follow_silence(struct measure *measure, struct trial *trial)
{
	if (trial->connection.received != trial->received || trial->connection.spoke) {
		start_again(measure, trial);
		return;
	}
	if (measure->now - trial->silent_since < silence_needed(trial))
		return;
	trial->silence = measure->now - trial->silent_since;
	trial->ended = measure->now;
	trial->is_probed = true;
	trial->fate = FATE_PROBING;
	probe(measure, trial);
}

/* The first answer shows that both ends, and all between them, have seen it open. */
static void
see_answer(struct measure *measure, struct trial *trial)
{
	trial->answered_in = measure->now - trial->ended;
	if (trial->unanswered != 0) {
		measure->control.loss.sent += trial->unanswered;
		measure->control.loss.answered++;
	}
	if (trial->is_settled) {
		trial_settle(measure, trial, FATE_REMEMBERED);
		return;
	}
	trial->is_settled = true;
	silence_begin(measure, trial);
}

static void
follow_probes(struct measure *measure, struct trial *trial)
{
	const struct control *control = &measure->control;

	if (trial->connection.received != trial->received) {
		see_answer(measure, trial);
		return;
	}
	if (measure->now - trial->ended > PROBE_PATIENCE) {
		trial_settle(measure, trial, FATE_VOID);
		return;
	}
	if (measure->now < trial->next_probe)
		return;
	/* While the network was down no probe came through: it was silent for longer. */
	if (trial->ended < control->works_since) {
		trial->silence = measure->now - trial->silent_since;
		trial->ended = measure->now;
		trial->unanswered = trial->at_once = 0;
	}
	if (!control->is_down && verdict_is_forgotten(&control->loss, trial->unanswered,
				     control->loss.answered - trial->control_answers)) {
		trial->manner = MANNER_SILENCE;
		trial_settle(measure, trial, FATE_FORGOTTEN);
		return;
	}
	probe(measure, trial);
}

void
silence_follow(struct measure *measure, struct trial *trial)
{
	if (trial->fate == FATE_SILENT)
		follow_silence(measure, trial);
	else
		follow_probes(measure, trial);
}
