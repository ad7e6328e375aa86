/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <string.h>

#include "retransmit.h"

static const char mode_names[][8] = {
	[MODE_UNSET] = "",
	[MODE_TIGHTEN] = "tighten",
	[MODE_FORCE] = "force",
	[MODE_SUGGEST] = "suggest",
	[MODE_OFF] = "off",
};

enum mode
mode_named(const char *name, size_t size)
{
	for (enum mode mode = MODE_TIGHTEN; mode <= MODE_OFF; mode++)
		if (strlen(mode_names[mode]) == size && memcmp(mode_names[mode], name, size) == 0)
			return mode;
	return MODE_UNSET;
}

const char *
mode_name(enum mode mode)
{
	return mode_names[mode];
}

struct settings
settings_unset(void)
{
	struct settings settings = { .mode = MODE_UNSET };

	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		settings.value[option] = VALUE_UNSET;
	return settings;
}

struct settings
settings_builtin(void)
{
	struct settings settings = settings_unset();

	settings.mode = MODE_TIGHTEN;
	settings.value[OPTION_IDLE] = 60;
	settings.value[OPTION_INTERVAL] = 10;
	settings.value[OPTION_PROBES] = 6;
	settings.value[OPTION_RETRANSMIT_MAX] = VALUE_AUTO;
	return settings;
}

/* Returns the bit of an option that was filled, or 0. */
static uint32_t
fill(struct settings *to, enum option_id option, int32_t value)
{
	if (to->value[option] != VALUE_UNSET || value == VALUE_UNSET)
		return 0;
	to->value[option] = value;
	return UINT32_C(1) << option;
}

uint32_t
settings_fill(struct settings *to, const struct settings *from)
{
	uint32_t filled = 0;

	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		filled |= fill(to, option, from->value[option]);
	if (to->mode == MODE_UNSET)
		to->mode = from->mode;
	if (to->profile == 0)
		to->profile = from->profile;
	return filled;
}

static int32_t
clamp(int32_t value, int32_t min, int32_t max)
{
	if (value < min)
		return min;
	return value > max ? max : value;
}

/*
 * Two fifths of the path's timeout leave room for two lost probes and more: the third goes out at
 * 2/5 + 2/10 = 3/5 of it. The intervals stay short, since they only matter when the peer is silent.
 */
uint32_t
settings_derive(struct settings *settings)
{
	int32_t timeout = settings->value[OPTION_PATH_TIMEOUT];
	uint32_t filled = 0;

	if (timeout == VALUE_UNSET)
		return 0;
	filled |=
	    fill(settings, OPTION_IDLE, clamp(timeout * 2 / 5, 1, option_table[OPTION_IDLE].max));
	filled |= fill(settings, OPTION_INTERVAL, clamp(timeout / 10, 1, 30));
	filled |= fill(settings, OPTION_PROBES, 5);
	return filled;
}

/* Of keepalive, where it is off. */
static void
unset_times(struct settings *settings)
{
	settings->value[OPTION_IDLE] = VALUE_UNSET;
	settings->value[OPTION_INTERVAL] = VALUE_UNSET;
	settings->value[OPTION_PROBES] = VALUE_UNSET;
	settings->value[OPTION_PATH_TIMEOUT] = VALUE_UNSET;
}

/* A user timeout rules alone, so there is nothing to shorten under one. */
static void
resolve_retransmit_max(struct settings *settings, int64_t dead, uint32_t retries)
{
	int32_t *value = &settings->value[OPTION_RETRANSMIT_MAX];

	if (*value == VALUE_AUTO)
		*value = settings->value[OPTION_USER_TIMEOUT] == VALUE_UNSET
			     ? retransmit_max_for(dead * 1000, retries)
			     : VALUE_UNSET;
	if (*value == VALUE_OFF)
		*value = VALUE_UNSET;
}

void
settings_resolve(struct settings *settings, uint32_t retries)
{
	int32_t *user_timeout = &settings->value[OPTION_USER_TIMEOUT];
	int64_t dead = settings->value[OPTION_IDLE] +
		       (int64_t)settings->value[OPTION_INTERVAL] * settings->value[OPTION_PROBES];

	if (settings->mode == MODE_OFF)
		settings->value[OPTION_KEEPALIVE] = VALUE_UNSET;
	else if (settings->value[OPTION_KEEPALIVE] == VALUE_UNSET)
		settings->value[OPTION_KEEPALIVE] = 1;
	if (*user_timeout == VALUE_AUTO)
		*user_timeout = dead > INT32_MAX / 1000 ? INT32_MAX : (int32_t)(dead * 1000);
	if (*user_timeout == VALUE_OFF)
		*user_timeout = VALUE_UNSET;
	resolve_retransmit_max(settings, dead, retries);
	if (settings->value[OPTION_KEEPALIVE] == 0)
		unset_times(settings);
}

int64_t
settings_in_flight_after(const struct settings *settings, uint32_t retries)
{
	int32_t longest = settings->value[OPTION_RETRANSMIT_MAX];

	if (settings->value[OPTION_USER_TIMEOUT] > 0)
		return settings->value[OPTION_USER_TIMEOUT];
	if (longest == VALUE_UNSET)
		longest = option_table[OPTION_RETRANSMIT_MAX].max;
	return RETRANSMIT_FIRST + retransmit_ends_after(longest, retries);
}

int64_t
settings_dead_after(const struct settings *settings)
{
	int64_t idle = settings->value[OPTION_IDLE];
	int64_t interval = settings->value[OPTION_INTERVAL];
	int64_t user_timeout = settings->value[OPTION_USER_TIMEOUT];
	int64_t probes = settings->value[OPTION_PROBES];

	if (settings->value[OPTION_KEEPALIVE] == 0)
		return -1;
	/*
	 * The kernel looks when a probe is due, and gives up at the first such time with one sent.
	 */
	if (user_timeout > 0)
		probes = (user_timeout - idle * 1000 + interval * 1000 - 1) / (interval * 1000);
	return idle + interval * (probes < 1 ? 1 : probes);
}

int32_t
settings_choose(const struct settings *settings, enum option_id option, int32_t asked)
{
	int32_t value = settings->value[option];

	if (settings->mode == MODE_OFF || value == VALUE_UNSET)
		return asked;
	if (settings->mode == MODE_FORCE || asked == VALUE_UNSET)
		return value;
	return settings->mode == MODE_SUGGEST ? asked : option_tighten(option, asked, value);
}
