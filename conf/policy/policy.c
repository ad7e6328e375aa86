/* SPDX-License-Identifier: MIT */
#include "policy.h"

#include <fnmatch.h>
#include <string.h>

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
