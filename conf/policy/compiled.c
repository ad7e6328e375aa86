/* SPDX-License-Identifier: MIT */
#include "compiled.h"

#include <endian.h>
#include <string.h>

static const char magic[8] = { '\x7f', 'k', 'a', 's', 'h', 'i', 'm', '\n' };

enum { WORD = sizeof(uint32_t), HEADER = sizeof(struct compiled_header) };

/* The arrays are laid out in this order, each directly behind the one before. */
struct layout {
	uint64_t sources, profiles, settings, rules, words, strings, end;
};

/* Sums cannot overflow: counts have 32 bits, items at most a hundred bytes. */
static struct layout
lay_out(const struct compiled_header *header)
{
	struct layout at = { .sources = HEADER };

	at.profiles = at.sources + (uint64_t)header->source_count * sizeof(struct source);
	at.settings = at.profiles + (uint64_t)header->profile_count * sizeof(struct profile);
	at.rules = at.settings + (uint64_t)header->settings_count * sizeof(struct settings);
	at.words = at.rules + (uint64_t)header->rule_count * sizeof(struct rule);
	at.strings = at.words + (uint64_t)header->word_count * WORD;
	at.end = (at.strings + header->strings_size + 7) & ~UINT64_C(7);
	return at;
}

static struct compiled_header
header_of(const struct policy *policy)
{
	struct compiled_header header = {
		.version = COMPILED_VERSION,
		.source_count = policy->source_count,
		.profile_count = policy->profile_count,
		.settings_count = policy->settings_count,
		.rule_count = policy->rule_count,
		.word_count = policy->word_count,
		.strings_size = policy->strings_size,
		.log = policy->log,
		.retries = policy->retries,
		.defaults = policy->defaults,
	};

	memcpy(header.magic, magic, sizeof(magic));
	return header;
}

static uint64_t
mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 32;
}

/*
 * Each step is a bijection of the sum so far, so a change in one place never goes unnoticed. There
 * are four sums in turn because a processor multiplies four at once. It guards
 * against damage, not against an attacker, who could write the checksum, too.
 */
static uint64_t
checksum(const void *image, size_t size)
{
	enum { LANES = 4 };
	const unsigned char *at = image;
	uint64_t sum[LANES] = { 1, 2, 3, 4 };
	uint64_t total = size;

	for (size_t i = offsetof(struct compiled_header, version); i < size;) {
		for (int lane = 0; lane < LANES && i < size; lane++, i += sizeof(uint64_t)) {
			uint64_t word;

			memcpy(&word, at + i, sizeof(word));
			sum[lane] = mix(sum[lane], le64toh(word));
		}
	}
	for (int lane = 0; lane < LANES; lane++)
		total = mix(total, sum[lane]);
	return total;
}

/* Turn words between the host's order and little-endian, which is the same step both ways. */
static void
turn(void *image, uint64_t from, uint64_t to)
{
	if (BYTE_ORDER == LITTLE_ENDIAN)
		return;
	for (uint32_t *word = (uint32_t *)((char *)image + from); from < to; word++, from += WORD)
		*word = le32toh(*word);
}

size_t
compiled_size(const struct policy *policy)
{
	struct compiled_header header = header_of(policy);

	return (size_t)lay_out(&header).end;
}

static void
put(char *to, const void *from, size_t size)
{
	if (size != 0)
		memcpy(to, from, size);
}

void
compiled_write(const struct policy *policy, void *image)
{
	struct compiled_header header = header_of(policy);
	struct layout at = lay_out(&header);
	char *start = image;
	uint64_t sum;

	header.size = (uint32_t)at.end;
	memset(start + at.end - 8, 0, 8);
	memcpy(start, &header, sizeof(header));
	put(start + at.sources, policy->sources, at.profiles - at.sources);
	put(start + at.profiles, policy->profiles, at.settings - at.profiles);
	put(start + at.settings, policy->settings, at.rules - at.settings);
	put(start + at.rules, policy->rules, at.words - at.rules);
	put(start + at.words, policy->words, at.strings - at.words);
	put(start + at.strings, policy->strings, policy->strings_size);
	turn(image, offsetof(struct compiled_header, version), at.strings);

	sum = checksum(image, at.end);
	header.checksum[0] = htole32((uint32_t)sum);
	header.checksum[1] = htole32((uint32_t)(sum >> 32));
	memcpy(start + offsetof(struct compiled_header, checksum), header.checksum,
	    sizeof(header.checksum));
}

static bool
is_settings_sound(const struct settings *settings, uint32_t strings_size)
{
	if (settings->mode > MODE_OFF || settings->profile >= strings_size)
		return false;
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];
		int32_t value = settings->value[option];

		if (value == VALUE_UNSET ||
		    (row->words && (value == VALUE_AUTO || value == VALUE_OFF)))
			continue;
		if (value < row->min || value > row->max)
			return false;
	}
	return true;
}

static bool
is_network_sound(const uint32_t *word)
{
	struct network network;

	memcpy(&network, word, sizeof(network));
	return network.prefix <= 128 && network.excluded <= 1;
}

/*
 * Conditions do not share words, so all of them together cannot have more than there are: `*left`
 * counts down.
 */
static bool
is_condition_sound(
    const struct policy *policy, enum condition condition, uint32_t at, uint64_t *left)
{
	bool is_network = condition == CONDITION_REMOTE || condition == CONDITION_LOCAL;
	uint64_t words;

	if (at == 0)
		return true;
	if (at >= policy->word_count)
		return false;
	words = (uint64_t)policy->words[at] * (is_network ? NETWORK_WORDS : 1);
	if (words == 0 || words >= policy->word_count - at || words >= *left)
		return false;
	*left -= words + 1;
	for (uint32_t i = 0; i < words; i += is_network ? NETWORK_WORDS : 1) {
		const uint32_t *word = &policy->words[at + 1 + i];

		if (is_network && !is_network_sound(word))
			return false;
		if (condition <= CONDITION_ARGUMENT && *word >= policy->strings_size)
			return false;
	}
	return true;
}

static bool
is_rule_sound(const struct policy *policy, const struct rule *rule, uint64_t *left)
{
	if (rule->settings >= policy->settings_count || rule->file >= policy->strings_size ||
	    rule->direction > DIRECTION_ACCEPT)
		return false;
	for (enum condition condition = 0; condition < CONDITION_COUNT; condition++)
		if (!is_condition_sound(policy, condition, rule->condition[condition], left))
			return false;
	return true;
}

static bool
is_policy_sound(const struct policy *policy)
{
	uint64_t left = policy->word_count;

	if (policy->strings_size == 0 || policy->strings[policy->strings_size - 1] != '\0' ||
	    policy->strings[0] != '\0')
		return false;
	if (policy->log >= policy->strings_size || policy->defaults >= policy->settings_count)
		return false;
	if (policy->word_count == 0 || policy->words[0] != 0 ||
	    policy->rule_count > POLICY_RULES_MOST)
		return false;
	for (uint32_t i = 0; i < policy->source_count; i++)
		if (policy->sources[i].path >= policy->strings_size ||
		    policy->sources[i].kind > SOURCE_DIRECTORY)
			return false;
	for (uint32_t i = 0; i < policy->profile_count; i++)
		if (policy->profiles[i].name >= policy->strings_size ||
		    policy->profiles[i].settings >= policy->settings_count)
			return false;
	for (uint32_t i = 0; i < policy->settings_count; i++)
		if (!is_settings_sound(&policy->settings[i], policy->strings_size))
			return false;
	for (uint32_t i = 0; i < policy->rule_count; i++)
		if (!is_rule_sound(policy, &policy->rules[i], &left))
			return false;
	return true;
}

enum compiled_state
compiled_read(void *image, size_t size, struct policy *policy)
{
	struct compiled_header header;
	char *start = image;
	struct policy found;
	struct layout at;

	if (size < HEADER || memcmp(start, magic, sizeof(magic)) != 0)
		return COMPILED_FOREIGN;
	memcpy(&header, start, sizeof(header));
	turn(&header, sizeof(magic), HEADER);
	if (header.version != COMPILED_VERSION)
		return COMPILED_VERSION_OTHER;
	at = lay_out(&header);
	if (header.size != size || at.end != size)
		return COMPILED_DAMAGED;
	if (checksum(image, size) != ((uint64_t)header.checksum[1] << 32 | header.checksum[0]))
		return COMPILED_DAMAGED;

	turn(image, HEADER, at.strings);
	found = (struct policy){
		.sources = (const void *)(start + at.sources),
		.profiles = (const void *)(start + at.profiles),
		.settings = (const void *)(start + at.settings),
		.rules = (const void *)(start + at.rules),
		.words = (const void *)(start + at.words),
		.strings = start + at.strings,
		.source_count = header.source_count,
		.profile_count = header.profile_count,
		.settings_count = header.settings_count,
		.rule_count = header.rule_count,
		.word_count = header.word_count,
		.strings_size = header.strings_size,
		.log = header.log,
		.retries = header.retries,
		.defaults = header.defaults,
	};
	if (!is_policy_sound(&found))
		return COMPILED_DAMAGED;
	*policy = found;
	return COMPILED_GOOD;
}

const char *
compiled_problem(enum compiled_state state)
{
	static const char problem[][48] = {
		[COMPILED_GOOD] = "is in order",
		[COMPILED_FOREIGN] = "is not a compiled policy",
		[COMPILED_VERSION_OTHER] = "was compiled by another version of kashim",
		[COMPILED_DAMAGED] = "is damaged",
	};

	return problem[state];
}
