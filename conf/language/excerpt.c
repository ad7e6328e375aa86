/* SPDX-License-Identifier: MIT */
#include "excerpt.h"

#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "build.h"
#include "index.h"

/* The number of names times that of rules: beyond it, an index would take long to make. */
enum { MOST_STEPS = 1 << 26 };

/* Beside each word of the policy: the hash of the name that it stands for, or 0. */
struct names {
	uint32_t *of_word;
	uint32_t *sorted;
	uint32_t count;
};

static bool
is_name(const char *pattern)
{
	return strpbrk(pattern, "*?[\\") == NULL;
}

static int
compare(const void *a, const void *b)
{
	const uint32_t *first = a, *second = b;

	return *first < *second ? -1 : *first > *second;
}

/* Each once, in order. */
static uint32_t
sort(uint32_t *hashes, uint32_t count)
{
	uint32_t kept = 0;

	qsort(hashes, count, sizeof(*hashes), compare);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || hashes[i] != hashes[kept - 1])
			hashes[kept++] = hashes[i];
	return kept;
}

static struct names
find_names(const struct policy *policy)
{
	struct names names = {
		.of_word = allocate_or_exit(NULL, policy->word_count * sizeof(uint32_t)),
		.sorted = allocate_or_exit(NULL, policy->word_count * sizeof(uint32_t)),
	};

	memset(names.of_word, 0, policy->word_count * sizeof(uint32_t));
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		uint32_t at = policy->rules[i].condition[CONDITION_PROGRAM];
		uint32_t count = at == 0 ? 0 : policy->words[at];

		for (uint32_t member = at + 1; member <= at + count; member++) {
			const char *pattern = policy->strings + policy->words[member];

			if (!is_name(pattern))
				continue;
			names.of_word[member] = index_hash(pattern);
			names.sorted[names.count++] = names.of_word[member];
		}
	}
	names.count = sort(names.sorted, names.count);
	return names;
}

/* Whether a rule can match a program whose name has this hash; 0 is for names that no rule has. */
static bool
may_match(
    const struct policy *policy, const struct names *names, const struct rule *rule, uint32_t hash)
{
	uint32_t at = rule->condition[CONDITION_PROGRAM];

	for (uint32_t member = at + 1; at != 0 && member <= at + policy->words[at]; member++)
		if (names->of_word[member] == 0 || names->of_word[member] == hash)
			return true;
	return at == 0;
}

static uint32_t
copy_string(struct build *to, const struct policy *from, uint32_t string)
{
	return string == 0 ? 0 : build_string(to, from->strings + string);
}

static uint32_t
copy_settings(struct build *to, const struct policy *from, uint32_t index)
{
	struct settings settings = from->settings[index];

	settings.profile = copy_string(to, from, settings.profile);
	return build_settings(to, &settings);
}

/* The words of a condition; those of names are strings. */
static uint32_t
copy_condition(struct build *to, const struct policy *from, enum condition condition, uint32_t at)
{
	bool is_network = condition == CONDITION_REMOTE || condition == CONDITION_LOCAL;
	uint32_t count, start;

	if (at == 0)
		return 0;
	count = from->words[at] * (is_network ? NETWORK_WORDS : 1);
	start = build_words(to, &from->words[at], count + 1);
	for (uint32_t i = 1; condition <= CONDITION_ARGUMENT && i <= count; i++)
		to->words[start + i] = copy_string(to, from, from->words[at + i]);
	return start;
}

static void
copy_rule(struct build *to, const struct policy *from, const struct rule *original)
{
	struct rule rule = *original;
	const struct rule *last = to->rule_count == 0 ? NULL : &to->rules[to->rule_count - 1];
	const char *file = from->strings + rule.file;

	/* Rules of one file stand together. */
	rule.file = last != NULL && strcmp(to->strings + last->file, file) == 0
			? last->file
			: build_string(to, file);
	rule.settings = copy_settings(to, from, rule.settings);
	for (enum condition condition = 0; condition < CONDITION_COUNT; condition++)
		rule.condition[condition] =
		    copy_condition(to, from, condition, rule.condition[condition]);
	build_rule(to, &rule);
}

static void
build_excerpt(struct build *to, const struct policy *from, const struct names *names, uint32_t hash)
{
	build_begin(to);
	to->log = copy_string(to, from, from->log);
	to->defaults = copy_settings(to, from, from->defaults);
	for (uint32_t i = 0; i < from->source_count; i++) {
		struct source source = from->sources[i];

		source.path = copy_string(to, from, source.path);
		build_source(to, &source);
	}
	for (uint32_t i = 0; i < from->profile_count; i++) {
		struct profile profile = from->profiles[i];

		profile.name = copy_string(to, from, profile.name);
		profile.settings = copy_settings(to, from, profile.settings);
		build_profile(to, &profile);
	}
	for (uint32_t i = 0; i < from->rule_count; i++)
		if (may_match(from, names, &from->rules[i], hash))
			copy_rule(to, from, &from->rules[i]);
}

/* A file that grows. */
struct compiled_file {
	char *bytes;
	size_t size;
};

/* Append the compiled form of a policy, as long as the file may still be read. */
static bool
append_policy(struct compiled_file *file, const struct policy *policy, struct index_part *part)
{
	size_t size = compiled_size(policy);

	if (size > COMPILED_LARGEST - file->size)
		return false;
	file->bytes = allocate_or_exit(file->bytes, file->size + size);
	compiled_write(policy, file->bytes + file->size);
	*part = (struct index_part){ (uint32_t)file->size, (uint32_t)size };
	file->size += size;
	return true;
}

static bool
append_excerpt(struct compiled_file *file, const struct policy *policy, const struct names *names,
    uint32_t hash, struct index_part *part)
{
	struct build build;
	struct policy excerpt;
	bool appended;

	build_excerpt(&build, policy, names, hash);
	build.retries = policy->retries;
	excerpt = build_policy(&build);
	appended = append_policy(file, &excerpt, part);
	build_free(&build);
	return appended;
}

static size_t
table_size(const struct index *index)
{
	return (index->slot_count + INDEX_PROBES) * sizeof(struct index_slot);
}

/* Whether each name finds a slot near its place. */
static bool
is_wide_enough(const struct index *index, const struct names *names)
{
	struct index_part part = { INDEX_HEADER, 1 };
	char *table = allocate_or_exit(NULL, table_size(index));
	bool found = true;

	memset(table, 0, table_size(index));
	for (uint32_t i = 0; i < names->count && found; i++)
		found = index_put(index, table, names->sorted[i], part);
	free(table);
	return found;
}

/* All parts, and the index in front. Returns false when that is too large. */
static bool
fill(struct compiled_file *file, const struct policy *policy, const struct names *names,
    struct index *index)
{
	struct index_part part;

	file->size = INDEX_HEADER + table_size(index);
	file->bytes = allocate_or_exit(file->bytes, file->size);
	memset(file->bytes, 0, file->size);
	if (!append_policy(file, policy, &index->whole) ||
	    !append_excerpt(file, policy, names, 0, &index->others))
		return false;
	for (uint32_t i = 0; i < names->count; i++) {
		if (!append_excerpt(file, policy, names, names->sorted[i], &part))
			return false;
		index_put(index, file->bytes + INDEX_HEADER, names->sorted[i], part);
	}
	index_write(index, file->bytes);
	return true;
}

static bool
with_index(struct compiled_file *file, const struct policy *policy)
{
	struct names names = find_names(policy);
	struct index index = { .slot_count = INDEX_PROBES };
	bool filled = false;

	while (index.slot_count < INDEX_SLOTS_MOST && !is_wide_enough(&index, &names))
		index.slot_count *= 2;
	if (index.slot_count < INDEX_SLOTS_MOST && names.count != 0 &&
	    (uint64_t)names.count * policy->rule_count <= MOST_STEPS)
		filled = fill(file, policy, &names, &index);
	free(names.of_word);
	free(names.sorted);
	return filled;
}

char *
excerpt_compile(const struct policy *policy, size_t *size)
{
	struct compiled_file file = { 0 };

	if (compiled_size(policy) <= COMPILED_SMALL || !with_index(&file, policy)) {
		file.size = compiled_size(policy);
		file.bytes = allocate_or_exit(file.bytes, file.size);
		compiled_write(policy, file.bytes);
	}
	*size = file.size;
	return file.bytes;
}
