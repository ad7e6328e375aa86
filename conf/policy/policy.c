/* SPDX-License-Identifier: MIT */
#include "policy.h"

#include <fnmatch.h>
#include <string.h>

#include "retransmit.h"

static const char mode_names[][8] = {
	[MODE_UNSET] = "",
	[MODE_TIGHTEN] = "tighten",
	[MODE_FORCE] = "force",
	[MODE_SUGGEST] = "suggest",
	[MODE_OFF] = "off",
};

const char *const direction_names[] = { "", "connect", "accept" };

const char *const condition_keys[CONDITION_COUNT] = {
	[CONDITION_PROGRAM] = "program",
	[CONDITION_ARGUMENT] = "argument",
	[CONDITION_USER] = "user",
	[CONDITION_REMOTE] = "remote",
	[CONDITION_LOCAL] = "local",
	[CONDITION_REMOTE_PORT] = "remote_port",
	[CONDITION_LOCAL_PORT] = "local_port",
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

/* Whether the name does not end as the pattern does, in letters that stand for themselves. */
static bool
ends_otherwise(const char *pattern, const char *name)
{
	size_t size = strlen(pattern), length = strlen(name), same = 0;

	while (same < size && strchr("*?[]\\", pattern[size - 1 - same]) == NULL)
		same++;
	return same > length || memcmp(pattern + size - same, name + length - same, same) != 0;
}

static bool
matches_pattern(const char *pattern, const char *name)
{
	/*
	 * Most rules concern other programs, and their first letter or the last ones say so
	 * already. fnmatch(3) takes its time for a name that is a hundred thousand bytes long.
	 */
	if (pattern[0] != name[0] && strchr("*?[\\", pattern[0]) == NULL)
		return false;
	if (ends_otherwise(pattern, name))
		return false;
	return fnmatch(pattern, name, 0) == 0;
}

/* A pattern with a slash is for the whole path, one without for the last part. */
static bool
matches_path(const char *pattern, const char *path)
{
	const char *slash;

	if (path == NULL)
		return false;
	slash = strrchr(path, '/');
	if (slash == NULL || strchr(pattern, '/') != NULL)
		return matches_pattern(pattern, path);
	return matches_pattern(pattern, slash + 1);
}

static bool
matches_argument(const char *pattern, const struct facts *facts)
{
	const char *argument = facts->arguments;
	const char *end;

	if (argument == NULL || facts->arguments_size == 0)
		return false;
	end = argument + facts->arguments_size;
	for (argument += strlen(argument) + 1; argument < end; argument += strlen(argument) + 1)
		if (matches_pattern(pattern, argument))
			return true;
	return false;
}

/* The members of a condition and their number; none where it was not given. */
static const uint32_t *
members(
    const struct policy *policy, const struct rule *rule, enum condition condition, uint32_t *count)
{
	uint32_t at = rule->condition[condition];

	*count = at == 0 ? 0 : policy->words[at];
	return policy->words + at + 1;
}

static bool
holds_for_program(const struct policy *policy, const struct rule *rule, enum condition condition,
    const struct facts *facts)
{
	uint32_t count;
	const uint32_t *member = members(policy, rule, condition, &count);
	bool given = count != 0;

	for (; count != 0; count--, member++) {
		const char *pattern = policy->strings + *member;

		if (condition == CONDITION_USER && *member == facts->user)
			return true;
		if (condition == CONDITION_PROGRAM &&
		    (matches_path(pattern, facts->executed) || matches_path(pattern, facts->image)))
			return true;
		if (condition == CONDITION_ARGUMENT && matches_argument(pattern, facts))
			return true;
	}
	return !given;
}

bool
policy_is_ipv4(const uint32_t address[4])
{
	return address[0] == 0 && address[1] == 0 && address[2] == 0xffff;
}

/* The words of a struct network. */
enum { WORD_PREFIX = 4, WORD_EXCLUDED };

static bool
contains(const uint32_t *network, const uint32_t address[4])
{
	uint32_t rest = network[WORD_PREFIX];

	/* ::/0 means IPv6: the mapped form of an IPv4 address lies in it only by our own doing. */
	if (policy_is_ipv4(address) && !(rest >= 96 && policy_is_ipv4(network)))
		return false;
	for (int i = 0; rest != 0; i++) {
		uint32_t bits = rest < 32 ? rest : 32;
		uint32_t mask = ~(uint32_t)(UINT64_C(0xffffffff) >> bits);

		if ((address[i] & mask) != network[i])
			return false;
		rest -= bits;
	}
	return true;
}

/*
 * Excluded ranges count wherever they stand; with nothing but excluded ranges, every other address
 * is meant.
 */
static bool
holds_for_address(const struct policy *policy, const struct rule *rule, enum condition condition,
    const struct endpoint *endpoint)
{
	uint32_t count;
	const uint32_t *member = members(policy, rule, condition, &count);
	bool included = false;
	bool any_included = false;

	if (count == 0)
		return true;
	if (!endpoint->known)
		return false;
	for (; count != 0; count--, member += NETWORK_WORDS) {
		bool inside = contains(member, endpoint->address);
		bool excluded = member[WORD_EXCLUDED] != 0;

		if (inside && excluded)
			return false;
		included |= inside;
		any_included |= !excluded;
	}
	return included || !any_included;
}

/* Compiled in place, for policy_match() asks it of each rule. */
static inline __attribute__((always_inline)) bool
holds_for_port(const uint32_t *words, uint32_t condition, const struct endpoint *endpoint)
{
	const uint32_t *member = words + condition;

	if (condition == 0)
		return true;
	if (!endpoint->known)
		return false;
	for (uint32_t count = *member; count != 0; count--) {
		member++;
		if (endpoint->port >= *member >> 16 && endpoint->port <= (*member & 0xffff))
			return true;
	}
	return false;
}

bool
policy_looks_at_connection(const struct rule *rule)
{
	return rule->direction != DIRECTION_ANY || rule->condition[CONDITION_REMOTE] != 0 ||
	       rule->condition[CONDITION_LOCAL] != 0 ||
	       rule->condition[CONDITION_REMOTE_PORT] != 0 ||
	       rule->condition[CONDITION_LOCAL_PORT] != 0;
}

bool
policy_holds(const struct policy *policy, const struct rule *rule, enum condition condition,
    const struct facts *facts)
{
	switch (condition) {
	case CONDITION_REMOTE:
		return holds_for_address(policy, rule, condition, &facts->remote);
	case CONDITION_LOCAL:
		return holds_for_address(policy, rule, condition, &facts->local);
	case CONDITION_REMOTE_PORT:
		return holds_for_port(policy->words, rule->condition[condition], &facts->remote);
	case CONDITION_LOCAL_PORT:
		return holds_for_port(policy->words, rule->condition[condition], &facts->local);
	default:
		return holds_for_program(policy, rule, condition, facts);
	}
}

bool
policy_matches_program(
    const struct policy *policy, const struct rule *rule, const struct facts *facts)
{
	return policy_holds(policy, rule, CONDITION_USER, facts) &&
	       policy_holds(policy, rule, CONDITION_PROGRAM, facts) &&
	       policy_holds(policy, rule, CONDITION_ARGUMENT, facts);
}

bool
policy_matches_connection(
    const struct policy *policy, const struct rule *rule, const struct facts *facts)
{
	if (!policy_looks_at_connection(rule))
		return true;
	if (facts->direction == DIRECTION_ANY)
		return false;
	return (rule->direction == DIRECTION_ANY || rule->direction == facts->direction) &&
	       policy_holds(policy, rule, CONDITION_REMOTE_PORT, facts) &&
	       policy_holds(policy, rule, CONDITION_LOCAL_PORT, facts) &&
	       policy_holds(policy, rule, CONDITION_REMOTE, facts) &&
	       policy_holds(policy, rule, CONDITION_LOCAL, facts);
}

const struct rule *
policy_match(const struct policy *policy, const struct facts *facts)
{
	const struct rule *rule = policy->rules;
	const uint32_t *words = policy->words;

	for (uint32_t left = policy->rule_count; left != 0; left--, rule++) {
		/*
		 * Most rules for connections are for others, and these two say so at little cost.
		 */
		if (rule->direction != DIRECTION_ANY && rule->direction != facts->direction)
			continue;
		if (!holds_for_port(words, rule->condition[CONDITION_REMOTE_PORT], &facts->remote))
			continue;
		if (policy_matches_connection(policy, rule, facts) &&
		    policy_matches_program(policy, rule, facts))
			return rule;
	}
	return NULL;
}

uint32_t
policy_narrow(const struct policy *policy, struct rule *rules, const struct facts *facts)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < policy->rule_count; i++) {
		if (!policy_matches_program(policy, &policy->rules[i], facts))
			continue;
		rules[kept] = policy->rules[i];
		rules[kept].condition[CONDITION_PROGRAM] = 0;
		rules[kept].condition[CONDITION_ARGUMENT] = 0;
		rules[kept].condition[CONDITION_USER] = 0;
		kept++;
		if (!policy_looks_at_connection(&policy->rules[i]))
			break;
	}
	return kept;
}
