/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_WATCH_KNOWN_H
#define KASHIM_WATCH_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics.h"
#include "outside-finding.h"

/* What became of a socket when it was looked at. */
enum known_state {
	KNOWN_NOT,   /* it is new */
	KNOWN_ON,    /* keepalive is on, as the policy wants */
	KNOWN_OFF,   /* the policy leaves it as it is, and keepalive is off; */
	KNOWN_LEFT,  /* or on */
	KNOWN_LACKS, /* the kernel refused something, or it is too slow for its path */
	KNOWN_NEVER, /* it could not be looked at */
};

struct known_socket {
	uint64_t cookie; /* 0: nothing is here */
	uint8_t state;   /* enum known_state */
	uint8_t again;   /* sweeps until it is looked at again, where that is due; */
	uint8_t pause;   /* and how many it will be the next time */
	uint8_t tcp;     /* TCP_ESTABLISHED and the like, and */
	uint8_t timer;   /* enum diag_timer: of the last sweep */
};

/*
 * The sockets that one sweep has met, by their cookies: 16 bytes each, and as many free places.
 * Starts as { 0 }.
 */
struct known {
	struct known_socket *socket;
	size_t room; /* a power of two, or 0 */
	size_t count;
};

/* The one with this cookie, or NULL. It moves when another one is added. */
struct known_socket *known_find(const struct known *known, uint64_t cookie);

/* Add one that is not there yet. */
struct known_socket *known_add(struct known *known, uint64_t cookie);

/* Whether it has to be looked at: it is new, has lost its timer, or is tried again. */
bool known_is_due(const struct known_socket *known);

/* What a look at a socket has found. */
enum known_state known_after(const struct finding *finding);

/*
 * That is known from now on. What could not be looked at is due again after 1 sweep, 2, 4 and so
 * on.
 */
void known_settle(struct known_socket *known, enum known_state state);

/* Count all for the metrics. */
void known_count(const struct known *known, struct metrics *metrics);

/* Forget all, and keep the room, or less where it was much too large. */
void known_clear(struct known *known);
void known_free(struct known *known);

#endif
