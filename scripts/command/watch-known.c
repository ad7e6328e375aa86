/* SPDX-License-Identifier: MIT */
#include "watch-known.h"

#include <stdlib.h>
#include <string.h>

#include <netinet/tcp.h>

#include "allocate.h"
#include "watch-diag.h"

enum { ROOM_LEAST = 1024, PAUSE_LONGEST = 128 };

/* Cookies are numbers in a row; of the golden ratio's product the upper bits are well mixed. */
static size_t
place_of(const struct known *known, uint64_t cookie)
{
	size_t at = (size_t)((cookie * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (known->room - 1);

	while (known->socket[at].cookie != 0 && known->socket[at].cookie != cookie)
		at = (at + 1) & (known->room - 1);
	return at;
}

struct known_socket *
known_find(const struct known *known, uint64_t cookie)
{
	struct known_socket *found;

	if (known->room == 0)
		return NULL;
	found = &known->socket[place_of(known, cookie)];
	return found->cookie == 0 ? NULL : found;
}

static void
grow(struct known *known)
{
	struct known larger = { .room = known->room == 0 ? ROOM_LEAST : 2 * known->room,
		.count = known->count };

	larger.socket = allocate_or_exit(NULL, larger.room * sizeof(*larger.socket));
	memset(larger.socket, 0, larger.room * sizeof(*larger.socket));
	for (size_t i = 0; i < known->room; i++)
		if (known->socket[i].cookie != 0)
			larger.socket[place_of(&larger, known->socket[i].cookie)] =
			    known->socket[i];
	free(known->socket);
	*known = larger;
}

struct known_socket *
known_add(struct known *known, uint64_t cookie)
{
	struct known_socket *added;

	if (2 * (known->count + 1) > known->room)
		grow(known);
	added = &known->socket[place_of(known, cookie)];
	*added = (struct known_socket){ .cookie = cookie };
	known->count++;
	return added;
}

bool
known_is_due(const struct known_socket *known)
{
	if (known->state == KNOWN_NOT)
		return true;
	if (known->state == KNOWN_ON && known->tcp == TCP_ESTABLISHED)
		return known->timer == DIAG_TIMER_NONE;
	return known->state == KNOWN_NEVER && known->again == 0;
}

enum known_state
known_after(const struct finding *finding)
{
	const struct verdict *verdict = &finding->verdict;
	bool is_on = finding->after.value[OPTION_KEEPALIVE] == 1;

	if (verdict->standing == STANDING_UNKNOWN)
		return KNOWN_NEVER;
	if (verdict->standing == STANDING_LEFT_ALONE)
		return is_on ? KNOWN_LEFT : KNOWN_OFF;
	if (finding->refused != 0 || verdict->too_slow)
		return KNOWN_LACKS;
	if (verdict->wanted.value[OPTION_KEEPALIVE] != 1)
		return is_on ? KNOWN_LEFT : KNOWN_OFF;
	return is_on ? KNOWN_ON : KNOWN_OFF;
}

void
known_settle(struct known_socket *known, enum known_state state)
{
	known->state = state;
	if (state != KNOWN_NEVER)
		known->pause = 0;
	else if (known->pause == 0)
		known->pause = 1;
	else if (known->pause < PAUSE_LONGEST)
		known->pause *= 2;
	known->again = known->pause;
}

static enum metrics_keepalive
keepalive_of(const struct known_socket *known)
{
	if (known->timer == DIAG_TIMER_KEEPALIVE || known->state == KNOWN_ON ||
	    known->state == KNOWN_LEFT)
		return METRICS_ON;
	if (known->state == KNOWN_OFF ||
	    (known->timer == DIAG_TIMER_NONE && known->tcp == TCP_ESTABLISHED))
		return METRICS_OFF;
	return METRICS_UNKNOWN;
}

void
known_count(const struct known *known, struct metrics *metrics)
{
	for (size_t i = 0; i < known->room; i++) {
		const struct known_socket *socket = &known->socket[i];
		unsigned tcp = socket->tcp < METRICS_STATES ? socket->tcp : 0;

		if (socket->cookie == 0)
			continue;
		metrics->sockets[tcp][keepalive_of(socket)]++;
		metrics->unprotected += socket->state == KNOWN_LACKS;
	}
}

void
known_clear(struct known *known)
{
	if (known->room > ROOM_LEAST && 16 * known->count < known->room)
		known_free(known);
	if (known->room != 0)
		memset(known->socket, 0, known->room * sizeof(*known->socket));
	known->count = 0;
}

void
known_free(struct known *known)
{
	free(known->socket);
	*known = (struct known){ 0 };
}
