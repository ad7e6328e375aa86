/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OPTION_H
#define KASHIM_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

/*
 * The option table: one row for each value that a policy can hold. To add one, add a row, a
 * paragraph in kashim.conf(5) and a test. The order is the order in which a socket gets them:
 * keepalive comes after its timings, so that a connection's first probe is already due at the right
 * time.
 */
enum option_id {
	OPTION_IDLE,
	OPTION_INTERVAL,
	OPTION_PROBES,
	OPTION_KEEPALIVE,
	OPTION_USER_TIMEOUT,
	OPTION_RETRANSMIT_MAX,
	OPTION_SYN_COUNT,
	OPTION_DEFER_ACCEPT,
	OPTION_MAX_SEGMENT,
	OPTION_WINDOW_CLAMP,
	OPTION_PATH_TIMEOUT,
	OPTION_COUNT,
};

enum unit { UNIT_NONE, UNIT_SECONDS, UNIT_MILLISECONDS, UNIT_BYTES, UNIT_SWITCH };

/* What mode `tighten` makes of the program's value and the policy's. */
enum tighten {
	TIGHTEN_NOTHING, /* it is no socket option */
	TIGHTEN_POLICY,  /* the policy's value holds */
	TIGHTEN_SMALLER, /* the smaller value holds; 0, where the kernel takes it, is no limit */
};

/* A value that is not a number. */
enum { VALUE_UNSET = -1, VALUE_OFF = -2, VALUE_AUTO = -3 };

struct option_row {
	const char *key; /* its name in the configuration */
	int level, name; /* for setsockopt(2); name 0 where it is no socket option */
	int32_t min, max;
	enum unit unit;
	enum tighten tighten;
	bool words;    /* "auto" and "off" are allowed */
	bool zero;     /* the kernel also takes 0, and then goes by its own choice */
	bool listener; /* set at listen(2): on a client's socket it would do something else */
	bool rounded;  /* getsockopt(2) gives what the kernel made of the value */
	/*
	 * Set once there is a connection, and on listeners, which pass it on: on a socket that is
	 * still connecting it would change how long that may take.
	 */
	bool connection;
};

extern const struct option_row option_table[OPTION_COUNT];

/* The option with this key, of `size` bytes, or OPTION_COUNT. */
enum option_id option_named(const char *key, size_t size);

/*
 * Read a value from text of `size` bytes: a whole number in the option's unit, a duration ("1h30m")
 * where that is a time, a word where the row allows it. On failure returns false and says in
 * `error` what is wrong and what is allowed. The row may stand in no table: what a command takes,
 * and no policy.
 */
bool option_read(const struct option_row *row, const char *value, size_t size, int32_t *result,
    struct text *error);

/* The value that holds under `tighten`, of the program's and the policy's. Pure. */
int32_t option_tighten(enum option_id option, int32_t asked, int32_t policy);

/* Append a value as people read it: "60 s", "290000 ms", "auto". */
void option_put(struct text *text, enum option_id option, int32_t value);

#endif
