/* SPDX-License-Identifier: MIT */
#include "build.h"

#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "retransmit.h"

/*
 * How many settings are looked through for equal ones: rules that want the same mostly stand
 * together.
 */
enum { SETTINGS_SEARCHED = 64 };

/*
 * Append `more` items and return the array. The room is the smallest power of two that holds the
 * count, so nothing has to remember it. Counts have 32 bits, and texts of at most 1 MiB a file do
 * not come near.
 */
static void *
append_items(void *array, uint32_t *count, const void *items, uint32_t more, size_t size)
{
	uint32_t before = *count;
	uint32_t room = before == 0 ? 0 : 1;

	while (room < before)
		room *= 2;
	*count = before + more;
	if (*count > room) {
		for (room = 1; room < *count;)
			room *= 2;
		array = allocate_or_exit(array, room * size);
	}
	memcpy((char *)array + before * size, items, more * size);
	return array;
}

void
build_begin(struct build *build)
{
	uint32_t nothing = 0;

	*build = (struct build){ .retries = RETRANSMIT_RETRIES };
	build_words(build, &nothing, 1);
	build_string(build, "");
}

void
build_free(struct build *build)
{
	free(build->sources);
	free(build->profiles);
	free(build->settings);
	free(build->rules);
	free(build->words);
	free(build->strings);
	*build = (struct build){ 0 };
}

uint32_t
build_source(struct build *build, const struct source *source)
{
	build->sources =
	    append_items(build->sources, &build->source_count, source, 1, sizeof(*source));
	return build->source_count - 1;
}

uint32_t
build_profile(struct build *build, const struct profile *profile)
{
	build->profiles =
	    append_items(build->profiles, &build->profile_count, profile, 1, sizeof(*profile));
	return build->profile_count - 1;
}

uint32_t
build_rule(struct build *build, const struct rule *rule)
{
	build->rules = append_items(build->rules, &build->rule_count, rule, 1, sizeof(*rule));
	return build->rule_count - 1;
}

uint32_t
build_words(struct build *build, const uint32_t *words, uint32_t count)
{
	build->words = append_items(build->words, &build->word_count, words, count, sizeof(*words));
	return build->word_count - count;
}

uint32_t
build_string(struct build *build, const char *string)
{
	uint32_t size = (uint32_t)strlen(string) + 1;

	build->strings = append_items(build->strings, &build->strings_size, string, size, 1);
	return build->strings_size - size;
}

uint32_t
build_settings(struct build *build, const struct settings *settings)
{
	uint32_t count = build->settings_count;

	for (uint32_t i = count; i-- > 0 && count - i <= SETTINGS_SEARCHED;)
		if (memcmp(&build->settings[i], settings, sizeof(*settings)) == 0)
			return i;
	build->settings =
	    append_items(build->settings, &build->settings_count, settings, 1, sizeof(*settings));
	return build->settings_count - 1;
}

struct policy
build_policy(const struct build *build)
{
	return (struct policy){
		.sources = build->sources,
		.profiles = build->profiles,
		.settings = build->settings,
		.rules = build->rules,
		.words = build->words,
		.strings = build->strings,
		.source_count = build->source_count,
		.profile_count = build->profile_count,
		.settings_count = build->settings_count,
		.rule_count = build->rule_count,
		.word_count = build->word_count,
		.strings_size = build->strings_size,
		.log = build->log,
		.retries = build->retries,
		.defaults = build->defaults,
	};
}
