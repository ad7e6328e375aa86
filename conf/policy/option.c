/* SPDX-License-Identifier: MIT */
#include "option.h"

#include <string.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Of Linux 6.15, and not in older headers: include/uapi/linux/tcp.h. */
#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44
#endif

/*
 * The kernel's ranges: include/net/tcp.h (MAX_TCP_*, TCP_MIN_MSS, TCP_RTO_MAX_SEC) and
 * net/ipv4/tcp.c, do_tcp_setsockopt().
 */
const struct option_row option_table[OPTION_COUNT] = {
	[OPTION_IDLE] = { "idle", IPPROTO_TCP, TCP_KEEPIDLE, 1, 32767, UNIT_SECONDS,
	    TIGHTEN_SMALLER },
	[OPTION_INTERVAL] = { "interval", IPPROTO_TCP, TCP_KEEPINTVL, 1, 32767, UNIT_SECONDS,
	    TIGHTEN_SMALLER },
	[OPTION_PROBES] = { "count", IPPROTO_TCP, TCP_KEEPCNT, 1, 127, UNIT_NONE, TIGHTEN_SMALLER },
	[OPTION_KEEPALIVE] = { "keepalive", SOL_SOCKET, SO_KEEPALIVE, 0, 1, UNIT_SWITCH,
	    TIGHTEN_POLICY, .zero = true },
	[OPTION_USER_TIMEOUT] = { "user_timeout", IPPROTO_TCP, TCP_USER_TIMEOUT, 1, INT32_MAX,
	    UNIT_MILLISECONDS, TIGHTEN_SMALLER, .words = true, .zero = true },
	[OPTION_RETRANSMIT_MAX] = { "retransmit_max", IPPROTO_TCP, TCP_RTO_MAX_MS, 1000, 120000,
	    UNIT_MILLISECONDS, TIGHTEN_SMALLER, .words = true, .rounded = true,
	    .connection = true },
	[OPTION_SYN_COUNT] = { "syn_count", IPPROTO_TCP, TCP_SYNCNT, 1, 127, UNIT_NONE,
	    TIGHTEN_SMALLER },
	[OPTION_DEFER_ACCEPT] = { "defer_accept", IPPROTO_TCP, TCP_DEFER_ACCEPT, 1, 32767,
	    UNIT_SECONDS, TIGHTEN_SMALLER, .zero = true, .listener = true, .rounded = true },
	[OPTION_MAX_SEGMENT] = { "max_segment", IPPROTO_TCP, TCP_MAXSEG, 88, 32767, UNIT_BYTES,
	    TIGHTEN_SMALLER, .zero = true, .rounded = true },
	[OPTION_WINDOW_CLAMP] = { "window_clamp", IPPROTO_TCP, TCP_WINDOW_CLAMP, 1, 1073725440,
	    UNIT_BYTES, TIGHTEN_SMALLER, .zero = true, .rounded = true },
	[OPTION_PATH_TIMEOUT] = { "path_timeout", 0, 0, 4, 24 * 3600, UNIT_SECONDS },
};

/* In arrays, as most words in the shim: a pointer is work for the loader, at each start. */
static const char unit_name[][16] = {
	[UNIT_NONE] = "",
	[UNIT_SECONDS] = "seconds",
	[UNIT_MILLISECONDS] = "milliseconds",
	[UNIT_BYTES] = "bytes",
	[UNIT_SWITCH] = "",
};

/* The parts of a duration, the largest first, in milliseconds. */
static const struct {
	char suffix[4];
	int32_t milliseconds;
} duration_parts[] = { { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 } };

enum { PARTS = sizeof(duration_parts) / sizeof(duration_parts[0]) };

enum reading { READ, NOT_UNDERSTOOD, TOO_FINE, TOO_LARGE };

/* Larger than every allowed value, and far enough from INT64_MAX to be multiplied by an hour. */
static const int64_t number_limit = INT64_C(1) << 40;

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits at `*at`, which must be there. */
static enum reading
read_digits(const char **at, const char *end, int64_t *number)
{
	if (*at == end || !is_digit(**at))
		return NOT_UNDERSTOOD;
	for (*number = 0; *at < end && is_digit(**at); (*at)++) {
		*number = *number * 10 + (**at - '0');
		if (*number > number_limit)
			return TOO_LARGE;
	}
	return READ;
}

static bool
is_suffix(const char *suffix, const char *at, size_t size)
{
	return strlen(suffix) == size && memcmp(suffix, at, size) == 0;
}

static enum reading
read_duration(const char *at, const char *end, enum unit unit, int64_t *number)
{
	int64_t total = 0;
	int next_part = 0;

	while (at < end) {
		enum reading reading = read_digits(&at, end, number);
		const char *suffix = at;
		int part = next_part;

		if (reading != READ)
			return reading;
		while (at < end && !is_digit(*at))
			at++;
		while (part < PARTS &&
		       !is_suffix(duration_parts[part].suffix, suffix, (size_t)(at - suffix)))
			part++;
		if (part == PARTS)
			return NOT_UNDERSTOOD;
		if (duration_parts[part].milliseconds == 1 && unit == UNIT_SECONDS)
			return TOO_FINE;
		total += *number * duration_parts[part].milliseconds;
		next_part = part + 1;
	}
	*number = unit == UNIT_SECONDS ? total / 1000 : total;
	return READ;
}

static enum reading
read_number(const char *value, size_t size, enum unit unit, int64_t *number)
{
	const char *at = value;
	const char *end = value + size;
	bool negative = size > 1 && *at == '-';
	enum reading reading;

	if (negative)
		at++;
	reading = read_digits(&at, end, number);
	if (reading == READ && at == end) {
		*number = negative ? -*number : *number;
		return READ;
	}
	if (reading == READ && !negative && (unit == UNIT_SECONDS || unit == UNIT_MILLISECONDS))
		return read_duration(value, end, unit, number);
	return reading == READ ? NOT_UNDERSTOOD : reading;
}

static enum reading
read_switch(const char *value, size_t size, int64_t *number)
{
	*number = is_suffix("true", value, size);
	return *number == 1 || is_suffix("false", value, size) ? READ : NOT_UNDERSTOOD;
}

static void
put_range(struct text *error, const struct option_row *row)
{
	text_put_number(error, row->min);
	text_put(error, "..");
	text_put_number(error, row->max);
	if (row->unit == UNIT_NONE)
		return;
	text_put(error, " ");
	text_put(error, unit_name[row->unit]);
}

/* What is allowed, for an error that has said what is wrong. */
static void
put_allowed(struct text *error, const struct option_row *row)
{
	if (row->unit == UNIT_SWITCH) {
		text_put(error, ", allowed is true or false");
		return;
	}
	text_put(error, ", allowed is ");
	put_range(error, row);
	if (row->unit == UNIT_SECONDS)
		text_put(error, ", or a duration like \"90s\" or \"1h30m\"");
	if (row->unit == UNIT_MILLISECONDS)
		text_put(error, ", or a duration like \"90s\" or \"500ms\"");
	if (row->words)
		text_put(error, ", \"auto\" or \"off\"");
}

bool
option_read(const struct option_row *row, const char *value, size_t size, int32_t *result,
    struct text *error)
{
	int64_t number = 0;
	enum reading reading;

	if (row->words && is_suffix("auto", value, size)) {
		*result = VALUE_AUTO;
		return true;
	}
	if (row->words && is_suffix("off", value, size)) {
		*result = VALUE_OFF;
		return true;
	}
	reading = row->unit == UNIT_SWITCH ? read_switch(value, size, &number)
					   : read_number(value, size, row->unit, &number);
	if (reading == READ && number >= row->min && number <= row->max) {
		*result = (int32_t)number;
		return true;
	}

	text_put(error, reading == NOT_UNDERSTOOD ? "\"" : "");
	text_put_bytes(error, value, size < 40 ? size : 40);
	if (reading == NOT_UNDERSTOOD) {
		text_put(error, "\" is not understood");
		put_allowed(error, row);
	} else if (reading == TOO_FINE) {
		text_put(error, " is too fine, ");
		text_put(error, row->key);
		text_put(error, " is in whole seconds");
	} else {
		text_put(error, " is not within ");
		put_range(error, row);
	}
	return false;
}

enum option_id
option_named(const char *key, size_t size)
{
	enum option_id option = 0;

	while (option < OPTION_COUNT && !is_suffix(option_table[option].key, key, size))
		option++;
	return option;
}

int32_t
option_tighten(enum option_id option, int32_t asked, int32_t policy)
{
	const struct option_row *row = &option_table[option];

	if (row->tighten != TIGHTEN_SMALLER || (asked == 0 && row->zero))
		return policy;
	return asked < policy ? asked : policy;
}

void
option_put(struct text *text, enum option_id option, int32_t value)
{
	static const char symbol[][8] = {
		[UNIT_NONE] = "",
		[UNIT_SECONDS] = " s",
		[UNIT_MILLISECONDS] = " ms",
		[UNIT_BYTES] = " bytes",
		[UNIT_SWITCH] = "",
	};

	if (value == VALUE_AUTO || value == VALUE_OFF) {
		text_put(text, value == VALUE_AUTO ? "auto" : "off");
		return;
	}
	if (option_table[option].unit == UNIT_SWITCH) {
		text_put(text, value == 0 ? "false" : "true");
		return;
	}
	text_put_number(text, value);
	text_put(text, symbol[option_table[option].unit]);
}
