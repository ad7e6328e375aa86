/* SPDX-License-Identifier: MIT */
#include "watch-known.h"

#include <stdlib.h>
#include <string.h>

#include "allocate.h"

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
