/* SPDX-License-Identifier: MIT */
#include <poll.h>

#include "clock.h"
#include "measure.h"

enum {
	TICK = 1000,            /* how often everything is looked at, where nothing happens */
	DOWN_PATIENCE = 600000, /* how long the network may be away */
	BARREN_ROUNDS = 3,      /* rounds without a result, in a row */
};

static int64_t
clamp(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/*
 * When to look at a trial again. Segments without data wake up nobody: neither the answer to a
 * probe nor what ends a silence, whose end is known to a fiftieth of it.
 */
static int64_t
next_look(const struct measure *measure, const struct trial *trial)
{
	int64_t silent = measure->now - trial->silent_since;
	int64_t silence = silence_needed(trial);
	int64_t probed = measure->now - trial->ended;

	if (trial->fate == FATE_SILENT)
		return measure->now + clamp(clamp(silent / 50, 20, TICK), 0,
					  silence > silent ? silence - silent : 0);
	if (trial->fate == FATE_PROBING)
		return measure->now + (probed < 100 ? 5 : probed < 1000 ? 20 : 50);
	return measure->now + TICK;
}

static int
patience(const struct measure *measure)
{
	int64_t next = measure->now + TICK;

	for (size_t i = 0; i < measure->trial_count; i++)
		if (next_look(measure, &measure->trials[i]) < next)
			next = next_look(measure, &measure->trials[i]);
	return next <= measure->now ? 0 : (int)(next - measure->now);
}

static void
ask_for(struct pollfd *ask, const struct connection *connection)
{
	bool is_there =
	    connection->state == CONNECTION_CONNECTING || connection->state == CONNECTION_OPEN;

	ask->fd = is_there ? connection->fd : -1;
	ask->events = connection_events(connection);
	ask->revents = 0;
}

/* One after another, while the server is there. */
static void
open_next(struct measure *measure)
{
	if (measure->control.is_down || measure->control.connection.state != CONNECTION_OPEN)
		return;
	for (size_t i = 0; i < measure->trial_count; i++) {
		struct trial *trial = &measure->trials[i];

		if (trial->fate == FATE_CONNECTING)
			return;
		if (trial->fate != FATE_WAITING)
			continue;
		trial->fate = FATE_CONNECTING;
		trial->begun = trial->opened = measure->now;
		connection_begin(
		    &trial->connection, &measure->target, measure->now + CONNECTION_PATIENCE);
		return;
	}
}

/* Wait, and see to everything that has happened. */
static void
step(struct measure *measure)
{
	struct pollfd ask[PLAN_CONNECTIONS];
	size_t count = measure->trial_count;

	ask_for(&ask[count], &measure->control.connection);
	ask_for(&ask[count + 1], &measure->cure.connection);
	for (size_t i = 0; i < count; i++)
		ask_for(&ask[i], &measure->trials[i].connection);
	poll(ask, count + 2, patience(measure));
	measure->now = clock_ms(CLOCK_BOOTTIME);
	control_follow(measure, ask[count].revents);
	cure_follow(measure, ask[count + 1].revents);
	for (size_t i = 0; i < count; i++)
		trial_follow(measure, &measure->trials[i], ask[i].revents);
	open_next(measure);
	measure->notice(measure, EVENT_TICK, NULL);
	if (*measure->interrupted != 0)
		measure->outcome = OUTCOME_INTERRUPTED;
	else if (measure->control.is_down &&
		 measure->now - measure->control.last_answer > DOWN_PATIENCE)
		measure->outcome = OUTCOME_DOWN;
}

/* The control connection, to the first address that works. */
static bool
reach_server(struct measure *measure)
{
	struct control *control = &measure->control;

	for (;;) {
		control_begin(measure);
		while (measure->outcome == OUTCOME_NONE &&
		       control->connection.state == CONNECTION_CONNECTING)
			step(measure);
		if (measure->outcome != OUTCOME_NONE)
			return false;
		if (control->connection.state == CONNECTION_OPEN)
			return true;
		if (measure->target.chosen->ai_next == NULL)
			break;
		measure->target.chosen = measure->target.chosen->ai_next;
	}
	measure->error = control->connection.error;
	measure->outcome = OUTCOME_UNREACHABLE;
	return false;
}

static bool
is_over(const struct measure *measure)
{
	for (size_t i = 0; i < measure->trial_count; i++)
		if (!trial_is_over(&measure->trials[i]))
			return false;
	return true;
}

static bool
begin_round(struct measure *measure)
{
	int64_t silences[PLAN_SILENCES];
	size_t count = plan_round(&measure->bounds, silences);

	if (count == 0 || measure->outcome != OUTCOME_NONE)
		return false;
	measure->round++;
	measure->trial_count = count;
	for (size_t i = 0; i < count; i++)
		measure->trials[i] = (struct trial){ .planned = silences[i] };
	measure->notice(measure, EVENT_ROUND, NULL);
	cure_update(measure);
	return true;
}

static void
play_rounds(struct measure *measure)
{
	int barren = 0;

	while (begin_round(measure)) {
		size_t samples = measure->sample_count;
		int64_t limit = measure->bounds.limit;

		while (measure->outcome == OUTCOME_NONE && !is_over(measure))
			step(measure);
		barren = measure->sample_count != samples || measure->bounds.limit != limit
			     ? 0
			     : barren + 1;
		if (measure->outcome == OUTCOME_NONE &&
		    (measure->round == PLAN_ROUNDS || barren == BARREN_ROUNDS))
			measure->outcome = OUTCOME_UNSURE;
	}
}

/* A limit of the server's is one when it was seen twice. */
static bool
is_limit_sure(const struct measure *measure)
{
	return measure->bounds.limit == 0 || measure->limit_is_speech || measure->control.ends >= 2;
}

static void
conclude(struct measure *measure)
{
	const struct bounds *bounds = &measure->bounds;

	if (measure->outcome != OUTCOME_NONE)
		return;
	if (bounds->forgotten != 0)
		measure->outcome = bounds->remembered != 0 ? OUTCOME_MEASURED : OUTCOME_FORGETFUL;
	else if (bounds->limit != 0)
		measure->outcome = measure->limit_is_speech ? OUTCOME_SPOKEN : OUTCOME_CLOSED;
	else
		measure->outcome = OUTCOME_REMEMBERED;
}

static void
end_all(struct measure *measure)
{
	for (size_t i = 0; i < measure->trial_count; i++)
		connection_end(&measure->trials[i].connection, 0);
	connection_end(&measure->cure.connection, 0);
	connection_end(&measure->control.connection, 0);
}

void
measure_run(struct measure *measure)
{
	measure->now = measure->started = clock_ms(CLOCK_BOOTTIME);
	measure->control.last_answer = measure->now;
	if (!reach_server(measure))
		return;
	do {
		play_rounds(measure);
		while (measure->outcome == OUTCOME_NONE && !is_limit_sure(measure))
			step(measure);
	} while (measure->outcome == OUTCOME_NONE &&
		 plan_round(&measure->bounds, (int64_t[PLAN_SILENCES]){ 0 }) != 0);
	cure_update(measure);
	while (measure->outcome == OUTCOME_NONE && measure->cure.attempts != 0 &&
	       !measure->cure.is_settled) {
		step(measure);
		cure_conclude(measure);
	}
	conclude(measure);
	end_all(measure);
}
