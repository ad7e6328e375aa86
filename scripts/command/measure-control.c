/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "measure.h"

enum {
	AGAIN_PATIENCE = 4000, /* while the network is down */
	RETRY = 1000,
	MUTE = 2, /* connections without any answer, before none is expected any more */
};

void
control_begin(struct measure *measure)
{
	struct control *control = &measure->control;

	control->opened = measure->now;
	connection_begin(&control->connection, &measure->target,
	    measure->now + (control->is_down ? AGAIN_PATIENCE : CONNECTION_PATIENCE));
}

static void
set_down(struct measure *measure, bool is_down)
{
	struct control *control = &measure->control;

	if (control->is_down == is_down)
		return;
	control->is_down = is_down;
	if (!is_down)
		control->works_since = measure->now;
	measure->notice(measure, EVENT_NETWORK, NULL);
}

/* The server is there: it answered, or a connection was opened. */
static void
see_answer(struct measure *measure)
{
	measure->control.last_answer = measure->now;
	set_down(measure, false);
}

static void
see_opening(struct measure *measure)
{
	struct control *control = &measure->control;

	connection_keepalive(&control->connection, 1, 1, 127);
	connection_local(&control->connection, measure->local);
	control->opened = measure->now;
	control->unanswered = 0;
	see_answer(measure);
}

/*
 * No answer for so long that it is no chance. The path may have forgotten this connection
 * meanwhile, so another one has to show when the network is back.
 */
static void
see_silence(struct measure *measure)
{
	struct control *control = &measure->control;

	control->mute = control->loss.answered == 0 ? control->mute + 1 : 0;
	if (control->mute == MUTE)
		measure->outcome = OUTCOME_MUTE;
	measure->error = ETIMEDOUT;
	connection_end(&control->connection, ETIMEDOUT);
	control->retry = measure->now;
	set_down(measure, true);
}

/* A limit that this connection has outlived is none: that time the server was just stopped. */
static void
check_limit(struct measure *measure)
{
	struct control *control = &measure->control;
	int64_t age = measure->now - control->opened;

	if (control->ended_age == 0 ||
	    verdict_ended_by(control->ended_age, age, 0) != ENDED_BY_PATH)
		return;
	if (!measure->limit_is_speech)
		measure->bounds.limit = 0;
	control->ended_age = 0;
	control->ends = 0;
}

static void
see_probes(struct measure *measure)
{
	struct control *control = &measure->control;
	struct loss *loss = &control->loss;
	int64_t received = control->connection.new_received;

	control->unanswered += control->connection.new_sent;
	check_limit(measure);
	if (received == 0) {
		if (verdict_is_down(loss, measure->now - control->last_answer))
			see_silence(measure);
		return;
	}
	/* What the server sends by itself was no answer. */
	loss->sent += control->unanswered;
	loss->answered += received < control->unanswered ? received : control->unanswered;
	control->unanswered = 0;
	see_answer(measure);
}

/* The server ended it, although it had a probe each second. */
static void
see_end(struct measure *measure)
{
	struct control *control = &measure->control;
	int64_t age = measure->now - control->opened;
	bool is_again = control->ends != 0 && verdict_is_same_age(age, control->ended_age);

	control->ends = is_again ? control->ends + 1 : 1;
	control->ended_age = age;
	control->last_answer = measure->now;
	control->retry = measure->now;
	/* A server that starts anew resets everything, and one that resets each time has a limit. */
	if (control->connection.error != 0 && !is_again) {
		control->reset = measure->now;
	} else if (measure->bounds.limit == 0 || age < measure->bounds.limit) {
		measure->bounds.limit = age;
		measure->limit_is_speech = false;
	}
}

static void
follow_opening(struct measure *measure)
{
	struct control *control = &measure->control;
	struct connection *connection = &control->connection;

	if (connection->state == CONNECTION_OPEN) {
		see_opening(measure);
	} else if (connection->state == CONNECTION_ENDED) {
		measure->error = connection->error;
		control->retry = measure->now + RETRY;
		set_down(measure, true);
	}
}

void
control_follow(struct measure *measure, short events)
{
	struct control *control = &measure->control;
	struct connection *connection = &control->connection;
	enum connection_state before = connection->state;

	connection_look(connection, events, measure->now);
	if (before == CONNECTION_ENDED) {
		if (measure->now >= control->retry)
			control_begin(measure);
	} else if (before == CONNECTION_CONNECTING) {
		follow_opening(measure);
	} else if (connection->state == CONNECTION_OPEN) {
		see_probes(measure);
	} else if (connection->error == 0 || connection->error == ECONNRESET) {
		see_end(measure);
	} else {
		see_silence(measure);
	}
}
