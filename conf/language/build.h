/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_BUILD_H
#define KASHIM_BUILD_H

#include "policy.h"

/*
 * A policy that grows: what read.c fills. The arrays move when they grow, so refer to them by
 * index.
 */
struct build {
	struct source *sources;
	struct profile *profiles;
	struct settings *settings;
	struct rule *rules;
	uint32_t *words;
	char *strings;
	uint32_t source_count, profile_count, settings_count, rule_count, word_count, strings_size;
	uint32_t log, retries, defaults;
};

/* Begin with an empty policy, for a host with the kernel's defaults. Exits without memory. */
void build_begin(struct build *build);
void build_free(struct build *build);

/* Each appends and returns the index; of a string, its offset. */
uint32_t build_source(struct build *build, const struct source *source);
uint32_t build_profile(struct build *build, const struct profile *profile);
uint32_t build_rule(struct build *build, const struct rule *rule);
uint32_t build_words(struct build *build, const uint32_t *words, uint32_t count);
uint32_t build_string(struct build *build, const char *string);

/* As above, but settings that were added not long ago are found again. */
uint32_t build_settings(struct build *build, const struct settings *settings);

/* The policy as it stands. It belongs to the build and is valid until something is added. */
struct policy build_policy(const struct build *build);

#endif
