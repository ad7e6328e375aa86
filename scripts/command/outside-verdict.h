/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_VERDICT_H
#define KASHIM_OUTSIDE_VERDICT_H

#include "outside-ruling.h"
#include "outside-socket.h"

enum standing {
	STANDING_UNKNOWN,    /* its values, or the policy, cannot be found out */
	STANDING_LEFT_ALONE, /* the mode is off */
	STANDING_PROTECTED,
	STANDING_UNPROTECTED, /* applying the policy would change something, or it is too slow */
};

/* What the policy says of a socket. Strings belong to the ruling. */
struct verdict {
	enum standing standing;
	struct settings wanted; /* resolved */
	const char *line;       /* the KASHIM variable, where that decides; or NULL */
	const char *file;       /* where the rule stands; NULL for the built-in policy */
	unsigned line_number;
	uint32_t lacking; /* the options that applying would change, as bits 1 << option */
	bool too_slow;    /* keepalive runs, but not before the path forgets the connection */
};

/* Judge a socket by what holds for its owner. */
struct verdict verdict_of(const struct ruling *ruling, const struct outside_socket *socket);

/*
 * Append what there is to say of it: what it wants, why, and what to do. `cleared` is what cleared
 * the environment of the process, or "": see outside-launcher.h.
 */
void verdict_put_note(struct text *text, const struct verdict *verdict, const struct ruling *ruling,
    const struct process *process, const char *cleared);

/* Append the value of an option, as people read it in a table: "on", "60s"; "?" for VALUE_UNSET. */
void verdict_put_value(struct text *text, enum option_id option, int32_t value);

/*
 * Append some options, given as bits, keepalive first: "keepalive off -> on, idle 7200s -> 60s", or
 * without `before` what they shall be: "keepalive on, idle 60s".
 */
void verdict_put_options(struct text *text, uint32_t options, const struct settings *before,
    const struct settings *after);

#endif
