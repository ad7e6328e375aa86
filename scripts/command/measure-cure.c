/* SPDX-License-Identifier: MIT */
#include "measure.h"
#include "settings.h"

enum { ATTEMPTS = 5 };

/* What path_timeout gives; less than it can give where none is short enough. */
static void
choose_times(struct cure *cure)
{
	struct settings settings = settings_unset();

	cure->idle = cure->interval = 1;
	cure->count = 5;
	cure->has_answer = false;
	if (cure->path_timeout == 0)
		return;
	settings.value[OPTION_PATH_TIMEOUT] = (int32_t)cure->path_timeout;
	settings_derive(&settings);
	cure->idle = settings.value[OPTION_IDLE];
	cure->interval = settings.value[OPTION_INTERVAL];
	cure->count = settings.value[OPTION_PROBES];
}

static void
begin(struct measure *measure)
{
	struct cure *cure = &measure->cure;

	cure->attempts++;
	cure->probes = cure->answered = cure->lived = cure->last_answer = 0;
	cure->has_answer = false;
	cure->opened = measure->now;
	connection_begin(&cure->connection, &measure->target, measure->now + CONNECTION_PATIENCE);
}

static void
settle(struct measure *measure, bool holds)
{
	measure->cure.is_settled = true;
	measure->cure.holds = holds;
	connection_end(&measure->cure.connection, 0);
	measure->notice(measure, EVENT_CURE, NULL);
}

void
cure_update(struct measure *measure)
{
	struct cure *cure = &measure->cure;
	int64_t path_timeout = plan_path_timeout(measure->finding.safe);
	bool is_first = cure->connection.state == CONNECTION_NONE && cure->attempts == 0;

	if (measure->finding.forgotten == 0 || measure->finding.remembered == 0 ||
	    cure->is_settled || (!is_first && path_timeout == cure->path_timeout))
		return;
	cure->path_timeout = path_timeout;
	choose_times(cure);
	if (is_first) {
		begin(measure);
		measure->notice(measure, EVENT_CURE, NULL);
	} else if (cure->connection.state == CONNECTION_OPEN) {
		connection_keepalive(&cure->connection, cure->idle, cure->interval, cure->count);
	}
}

static void
see_opening(struct measure *measure)
{
	struct cure *cure = &measure->cure;

	connection_keepalive(&cure->connection, cure->idle, cure->interval, cure->count);
	cure->opened = measure->now;
}

static void
see_probes(struct measure *measure)
{
	struct cure *cure = &measure->cure;
	int64_t received = cure->connection.new_received;

	/* Segments around data are no probes. */
	if (!cure->connection.spoke) {
		cure->probes += cure->connection.new_sent;
		cure->answered += received;
		cure->has_answer |= received > 0;
	}
	cure->lived = measure->now - cure->opened;
	if (received > 0)
		cure->last_answer = cure->lived;
}

/* An end that the path is not to blame for proves nothing. */
static void
see_end(struct measure *measure)
{
	const struct control *control = &measure->control;
	struct cure *cure = &measure->cure;
	bool is_void = control->is_down || control->works_since > cure->opened ||
		       control->reset > cure->opened || cure->lived == 0 ||
		       verdict_is_lossy(&control->loss);

	if (is_void && cure->attempts < ATTEMPTS) {
		cure->connection.state = CONNECTION_NONE;
		return;
	}
	cure->ends_by_server = measure->bounds.limit != 0 && !measure->limit_is_speech;
	cure->ends_by_loss = verdict_is_lossy(&control->loss);
	settle(measure, false);
}

void
cure_follow(struct measure *measure, short events)
{
	struct cure *cure = &measure->cure;
	struct connection *connection = &cure->connection;
	enum connection_state before = connection->state;

	if (cure->is_settled || cure->attempts == 0)
		return;
	if (before == CONNECTION_NONE) {
		/* Another attempt, when there is a network again. */
		if (!measure->control.is_down)
			begin(measure);
		return;
	}
	connection_look(connection, events, measure->now);
	if (connection->state == CONNECTION_ENDED)
		see_end(measure);
	else if (before == CONNECTION_CONNECTING && connection->state == CONNECTION_OPEN)
		see_opening(measure);
	else if (connection->state == CONNECTION_OPEN)
		see_probes(measure);
}

/* As old as a silent one is when it is forgotten, and a bit. */
static int64_t
age_needed(const struct measure *measure)
{
	return PLAN_LOWEST + measure->bounds.forgotten + measure->bounds.forgotten / 10;
}

int64_t
cure_left(const struct measure *measure)
{
	int64_t left = age_needed(measure) - measure->cure.lived;

	return left > 0 ? left : 0;
}

/* It has an answer at such an age, under the times that resulted. */
void
cure_conclude(struct measure *measure)
{
	const struct cure *cure = &measure->cure;

	if (cure->has_answer && cure->last_answer > age_needed(measure))
		settle(measure, true);
}
