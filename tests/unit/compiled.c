/* SPDX-License-Identifier: MIT */
#include "compiled.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explain-rule.h"
#include "explain-settings.h"
#include "profile.h"
#include "reading.h"
#include "retransmit.h"
#include "scratch.h"
#include "suites.h"

/* Every kind of array and condition is in it. */
static const char everything[] =
    "defaults: { idle = 45; profile = \"ipvs\"; user_timeout = \"auto\"; };\n"
    "profiles: { office = { path_timeout = \"30m\"; }; };\n"
    "rules = (\n"
    "  { program = \"sshd\"; mode = \"off\"; },\n"
    "  { program = [\"java\", \"/opt/*\"]; argument = \"*/billing.jar\"; profile = \"office\"; },\n"
    "  { user = [0, 33]; user_timeout = \"off\"; },\n"
    "  { direction = \"connect\"; remote = [\"10.0.0.0/8\", \"!10.1.0.0/16\", \"2001:db8::/32\"];\n"
    "    local = \"192.0.2.1\"; remote_port = \"5432,8000-8099\"; local_port = 1; idle = 9; }\n"
    ");\n"
    "log = \"syslog\";\n";

static char *image;
static size_t image_size;

/* An image of its very size, so that every step beyond it is noticed. */
static char *
copy_image(size_t size)
{
	char *copied = malloc(size == 0 ? 1 : size);

	ck_assert_ptr_nonnull(copied);
	memcpy(copied, image, size < image_size ? size : image_size);
	return copied;
}

static void
begin(void)
{
	reading_begin();
	reading_accepts(everything);
	image_size = compiled_size(&reading_policy);
	image = malloc(image_size);
	ck_assert_ptr_nonnull(image);
	memset(image, 0xa5, image_size);
	compiled_write(&reading_policy, image);
}

static void
end(void)
{
	free(image);
	reading_end();
}

static uint64_t
mix(uint64_t sum, uint64_t word)
{
	sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 32;
}

/* The checksum of the format: written down here a second time, so that it cannot change unseen. */
static void
seal(char *copied, size_t size)
{
	uint64_t sum[4] = { 1, 2, 3, 4 };
	uint64_t total = size;

	for (size_t word = 0; 16 + word * 8 + 8 <= size; word++) {
		uint64_t eight;

		memcpy(&eight, copied + 16 + word * 8, sizeof(eight));
		sum[word % 4] = mix(sum[word % 4], le64toh(eight));
	}
	for (int i = 0; i < 4; i++)
		total = mix(total, sum[i]);
	total = htole64(total);
	memcpy(copied + 8, &total, sizeof(total));
}

static enum compiled_state
read_sealed(char *copied, size_t size)
{
	struct policy policy;

	seal(copied, size);
	return compiled_read(copied, size, &policy);
}

/* A word of the header, by its offset. */
static void
put_word(char *copied, size_t at, uint32_t word)
{
	word = htole32(word);
	memcpy(copied + at, &word, sizeof(word));
}

#define HEADER_AT(field) offsetof(struct compiled_header, field)

#define SAME(array, count) \
	ck_assert_uint_eq(read->count, written->count); \
	if (written->count != 0) \
	ck_assert_mem_eq(read->array, written->array, written->count * sizeof(*written->array))

static void
is_same(const struct policy *read, const struct policy *written)
{
	SAME(sources, source_count);
	SAME(profiles, profile_count);
	SAME(settings, settings_count);
	SAME(rules, rule_count);
	SAME(words, word_count);
	SAME(strings, strings_size);
	ck_assert_uint_eq(read->log, written->log);
	ck_assert_uint_eq(read->defaults, written->defaults);
}

START_TEST(what_was_written_is_read_again)
{
	struct policy policy;

	ck_assert_uint_gt(reading_policy.source_count, 0);
	ck_assert_uint_gt(reading_policy.profile_count, 0);
	ck_assert_uint_eq(reading_policy.rule_count, 5);
	ck_assert_uint_ne(reading_policy.log, 0);
	ck_assert_int_eq(compiled_read(image, image_size, &policy), COMPILED_GOOD);
	is_same(&policy, &reading_policy);
}

START_TEST(policy_points_into_its_image_alone)
{
	struct policy policy;
	const char *first = image;
	const char *last = image + image_size;

	ck_assert_int_eq(compiled_read(image, image_size, &policy), COMPILED_GOOD);
	ck_assert((const char *)policy.sources > first);
	ck_assert(policy.strings + policy.strings_size <= last);
}

START_TEST(builtin_policy_can_be_compiled)
{
	struct policy policy;

	free(image);
	ck_assert_int_eq(remove("kashim.conf"), 0);
	ck_assert(reading_again());
	image_size = compiled_size(&reading_policy);
	image = malloc(image_size);
	ck_assert_ptr_nonnull(image);
	compiled_write(&reading_policy, image);
	ck_assert_int_eq(compiled_read(image, image_size, &policy), COMPILED_GOOD);
	is_same(&policy, &reading_policy);
}

START_TEST(image_is_the_same_bytes_each_time)
{
	char *again = malloc(image_size);

	ck_assert_ptr_nonnull(again);
	memset(again, 0x5a, image_size);
	compiled_write(&reading_policy, again);
	ck_assert_mem_eq(again, image, image_size);
	free(again);
}

/* What stands in files of this version: a change of it needs another COMPILED_VERSION. */
START_TEST(layout_is_that_of_version_2)
{
	static const unsigned char start[] = { 0x7f, 'k', 'a', 's', 'h', 'i', 'm', '\n' };
	char *copied = copy_image(image_size);

	ck_assert_int_eq(COMPILED_VERSION, 2);
	ck_assert_uint_eq(sizeof(struct compiled_header), 60);
	ck_assert_uint_eq(sizeof(struct source), 36);
	ck_assert_uint_eq(sizeof(struct profile), 8);
	ck_assert_uint_eq(sizeof(struct settings), 52);
	ck_assert_uint_eq(sizeof(struct rule), 44);
	ck_assert_uint_eq(sizeof(struct network), 24);
	ck_assert_mem_eq(image, start, sizeof(start));
	ck_assert_uint_eq(image_size % 8, 0);
	seal(copied, image_size);
	ck_assert_mem_eq(copied, image, image_size);
	free(copied);
}

START_TEST(every_truncation_is_refused)
{
	for (size_t size = 0; size < image_size; size++) {
		char *copied = copy_image(size);
		struct policy policy;
		enum compiled_state state = compiled_read(copied, size, &policy);

		ck_assert_int_eq(state,
		    size < sizeof(struct compiled_header) ? COMPILED_FOREIGN : COMPILED_DAMAGED);
		free(copied);
	}
}

START_TEST(every_byte_too_many_is_refused)
{
	for (size_t more = 1; more <= 64; more++) {
		char *copied = copy_image(image_size + more);
		struct policy policy;

		memset(copied + image_size, 0, more);
		ck_assert_int_eq(
		    compiled_read(copied, image_size + more, &policy), COMPILED_DAMAGED);
		free(copied);
	}
}

START_TEST(every_change_of_a_byte_is_refused)
{
	for (size_t at = 0; at < image_size; at++)
		for (int change = 1; change <= UINT8_MAX; change++) {
			struct policy policy;
			enum compiled_state state;

			image[at] = (char)(image[at] ^ change);
			state = compiled_read(image, image_size, &policy);
			if (at < 8)
				ck_assert_int_eq(state, COMPILED_FOREIGN);
			else if (at >= HEADER_AT(version) && at < HEADER_AT(size))
				ck_assert_int_eq(state, COMPILED_VERSION_OTHER);
			else
				ck_assert_int_eq(state, COMPILED_DAMAGED);
			image[at] = (char)(image[at] ^ change);
		}
}

START_TEST(every_swap_of_neighbours_is_refused)
{
	for (size_t at = 0; at + 16 <= image_size; at += 8) {
		struct policy policy;
		char eight[8];

		if (memcmp(image + at, image + at + 8, 8) == 0)
			continue;
		memcpy(eight, image + at, 8);
		memmove(image + at, image + at + 8, 8);
		memcpy(image + at + 8, eight, 8);
		ck_assert_int_ne(compiled_read(image, image_size, &policy), COMPILED_GOOD);
		memcpy(eight, image + at, 8);
		memmove(image + at, image + at + 8, 8);
		memcpy(image + at + 8, eight, 8);
	}
}

START_TEST(other_versions_are_refused_as_such)
{
	static const uint32_t versions[] = { 0, COMPILED_VERSION + 1, UINT32_MAX };

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		put_word(image, HEADER_AT(version), versions[i]);
		ck_assert_int_eq(read_sealed(image, image_size), COMPILED_VERSION_OTHER);
	}
}

START_TEST(foreign_files_are_refused_as_such)
{
	static const char *const foreign[] = { "", "\177ELF",
		"# /etc/kashim.conf: which programs use TCP keepalive, and how." };

	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		char text[128] = "";
		struct policy policy;

		memcpy(text, foreign[i], strlen(foreign[i]));
		ck_assert_int_eq(compiled_read(text, sizeof(text), &policy), COMPILED_FOREIGN);
	}
}

START_TEST(policy_is_not_touched_on_failure)
{
	struct policy policy;
	struct policy before;

	memset(&policy, 0x77, sizeof(policy));
	before = policy;
	image[image_size - 1] ^= 1;
	ck_assert_int_eq(compiled_read(image, image_size, &policy), COMPILED_DAMAGED);
	ck_assert_mem_eq(&policy, &before, sizeof(before));
}

/* Where things stand in the image, for tests that put something wrong there. */
static size_t
settings_at(uint32_t index)
{
	return sizeof(struct compiled_header) +
	       reading_policy.source_count * sizeof(struct source) +
	       reading_policy.profile_count * sizeof(struct profile) +
	       index * sizeof(struct settings);
}

static size_t
rules_at(uint32_t index)
{
	return settings_at(reading_policy.settings_count) + index * sizeof(struct rule);
}

static size_t
words_at(uint32_t index)
{
	return rules_at(reading_policy.rule_count) + index * sizeof(uint32_t);
}

/* An image with one wrong word, sealed anew, must be refused. */
static void
refuses_word(size_t at, uint32_t word)
{
	char *copied = copy_image(image_size);

	put_word(copied, at, word);
	ck_assert_msg(read_sealed(copied, image_size) == COMPILED_DAMAGED, "%u at %zu", word, at);
	free(copied);
}

START_TEST(references_beyond_their_array_are_refused)
{
	const struct rule *rules = reading_policy.rules;

	refuses_word(HEADER_AT(log), reading_policy.strings_size);
	refuses_word(HEADER_AT(defaults), reading_policy.settings_count);
	refuses_word(sizeof(struct compiled_header), reading_policy.strings_size);
	refuses_word(sizeof(struct compiled_header) + offsetof(struct source, kind), 3);
	refuses_word(settings_at(0) - sizeof(struct profile), reading_policy.strings_size);
	refuses_word(settings_at(0) - sizeof(uint32_t), reading_policy.settings_count);
	refuses_word(
	    settings_at(0) + offsetof(struct settings, profile), reading_policy.strings_size);
	refuses_word(rules_at(0) + offsetof(struct rule, settings), reading_policy.settings_count);
	refuses_word(rules_at(0) + offsetof(struct rule, file), reading_policy.strings_size);
	for (enum condition condition = 0; condition < CONDITION_COUNT; condition++)
		refuses_word(
		    rules_at(0) + offsetof(struct rule, condition) + condition * sizeof(uint32_t),
		    reading_policy.word_count);
	refuses_word(words_at(rules[0].condition[CONDITION_PROGRAM]), UINT32_MAX);
	refuses_word(words_at(rules[0].condition[CONDITION_PROGRAM]), 0);
	refuses_word(
	    words_at(rules[0].condition[CONDITION_PROGRAM] + 1), reading_policy.strings_size);
	refuses_word(words_at(rules[3].condition[CONDITION_REMOTE]), 0x2aaaaaab);
	/* The last condition has one member, and no word stands behind it. */
	ck_assert_uint_eq(rules[3].condition[CONDITION_LOCAL_PORT] + 2, reading_policy.word_count);
	refuses_word(words_at(rules[3].condition[CONDITION_LOCAL_PORT]), 2);
}

START_TEST(values_that_no_text_could_give_are_refused)
{
	const struct rule *rules = reading_policy.rules;
	size_t network = words_at(rules[3].condition[CONDITION_REMOTE] + 1);
	size_t values = settings_at(0) + offsetof(struct settings, value);

	refuses_word(settings_at(0) + offsetof(struct settings, mode), MODE_OFF + 1);
	refuses_word(rules_at(0) + offsetof(struct rule, direction), DIRECTION_ACCEPT + 1);
	refuses_word(network + offsetof(struct network, prefix), 129);
	refuses_word(network + offsetof(struct network, excluded), 2);
	refuses_word(words_at(0), 1);
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];
		size_t at = values + option * sizeof(int32_t);

		/* Of keepalive that is VALUE_UNSET. */
		if (row->min != 0)
			refuses_word(at, (uint32_t)row->min - 1);
		refuses_word(at, (uint32_t)INT32_MIN);
		refuses_word(at, (uint32_t)-4);
		if (row->max != INT32_MAX)
			refuses_word(at, (uint32_t)row->max + 1);
		if (!row->words)
			refuses_word(at, (uint32_t)VALUE_AUTO);
	}
}

START_TEST(strings_without_end_are_refused)
{
	size_t last = words_at(reading_policy.word_count) + reading_policy.strings_size - 1;

	ck_assert_int_eq(image[last], '\0');
	image[last] = 'x';
	ck_assert_int_eq(read_sealed(image, image_size), COMPILED_DAMAGED);
}

static size_t
lengths_of(const struct policy *policy)
{
	size_t length = strlen(policy->strings + policy->log);

	for (uint32_t i = 0; i < policy->source_count; i++)
		length += strlen(policy->strings + policy->sources[i].path);
	for (uint32_t i = 0; i < policy->profile_count; i++)
		length += strlen(policy->strings + policy->profiles[i].name);
	for (uint32_t i = 0; i < policy->settings_count; i++)
		length += strlen(policy->strings + policy->settings[i].profile);
	for (uint32_t i = 0; i < policy->rule_count; i++)
		length += strlen(policy->strings + policy->rules[i].file);
	return length;
}

static void
match_and_narrow(const struct policy *policy, struct facts *facts)
{
	struct rule *rules = malloc((policy->rule_count + 1) * sizeof(*rules));
	const struct rule *rule = policy_match(policy, facts);

	ck_assert_ptr_nonnull(rules);
	if (rule != NULL)
		ck_assert_uint_lt(rule - policy->rules, policy->rule_count);
	if (policy->rule_count != 0)
		memcpy(rules, policy->rules, policy->rule_count * sizeof(*rules));
	ck_assert_uint_le(policy_narrow(policy, rules, facts), policy->rule_count);
	free(rules);
}

/* All that a program does with a policy; the sanitizers watch. */
static void
use(const struct policy *policy, FILE *out)
{
	static const char arguments[] = "java\0/srv/billing.jar";
	struct facts facts = { .executed = "/opt/java",
		.image = "/usr/bin/java",
		.arguments = arguments,
		.arguments_size = sizeof(arguments) };
	struct settings settings;
	char message[200];
	struct text error = text_in(message, sizeof(message));

	ck_assert_uint_ge(lengths_of(policy), 0);
	for (enum direction direction = 0; direction <= DIRECTION_ACCEPT; direction++) {
		facts.direction = direction;
		facts.remote = (struct endpoint){
			.known = true, .port = 5432, .address = { 0, 0, 0xffff, 1 }
		};
		facts.local = facts.remote;
		match_and_narrow(policy, &facts);
	}
	for (uint32_t i = 0; i < policy->rule_count; i++)
		free(explain_rule(policy, &policy->rules[i]));
	for (uint32_t i = 0; i < policy->settings_count; i++) {
		settings = policy->settings[i];
		settings_resolve(&settings, RETRANSMIT_RETRIES);
		explain_settings(out, &settings);
	}
	profile_read_line(policy, "profile=office,count=3", &settings, &error);
}

/* A word as a careful enemy would choose it: near to what is allowed, or far beyond. */
static uint32_t
random_word(void)
{
	switch (scratch_random(5)) {
	case 0:
		return scratch_random(8);
	case 1:
		return scratch_random(reading_policy.word_count + 8);
	case 2:
		return scratch_random(reading_policy.strings_size + 8);
	case 3:
		return UINT32_MAX - scratch_random(8);
	default:
		return scratch_random(UINT32_C(1) << 31);
	}
}

static void
walk(bool with_header, unsigned rounds, unsigned *good)
{
	FILE *out = fopen("/dev/null", "w");

	ck_assert_ptr_nonnull(out);
	for (unsigned round = 0; round < rounds; round++) {
		char *copied = copy_image(image_size);
		size_t first = with_header ? HEADER_AT(size) : sizeof(struct compiled_header);
		uint32_t changes = 1 + scratch_random(4);
		struct policy policy;

		while (changes-- != 0)
			put_word(copied,
			    first + scratch_random((uint32_t)(image_size - first) / 4) * (size_t)4,
			    random_word());
		seal(copied, image_size);
		if (compiled_read(copied, image_size, &policy) == COMPILED_GOOD) {
			use(&policy, out);
			++*good;
		}
		free(copied);
	}
	fclose(out);
}

START_TEST(sealed_corruption_never_leads_out_of_the_image)
{
	unsigned good = 0;

	walk(false, 20000, &good);
	ck_assert_uint_gt(good, 1000); /* else nothing was walked through */
}

START_TEST(sealed_corruption_of_the_header_never_leads_out_of_the_image)
{
	unsigned good = 0;

	walk(true, 10000, &good);
	for (size_t at = HEADER_AT(size); at < sizeof(struct compiled_header); at += 4)
		for (uint32_t i = 0; i < 200; i++) {
			char *copied = copy_image(image_size);
			struct policy policy;

			put_word(copied, at, i < 100 ? i : random_word());
			seal(copied, image_size);
			if (compiled_read(copied, image_size, &policy) == COMPILED_GOOD)
				ck_assert_uint_ge(lengths_of(&policy), 0);
			free(copied);
		}
	ck_assert_uint_gt(good, 100);
}

/* Conditions of many members that many rules share would take hours to match. */
START_TEST(conditions_that_share_words_are_refused)
{
	static const enum condition conditions[] = { CONDITION_PROGRAM, CONDITION_ARGUMENT,
		CONDITION_USER, CONDITION_REMOTE_PORT, CONDITION_LOCAL_PORT };
	uint32_t shared = reading_policy.rules[1].condition[CONDITION_PROGRAM];

	for (uint32_t rule = 0; rule < reading_policy.rule_count; rule++)
		for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
			put_word(image,
			    rules_at(rule) + offsetof(struct rule, condition) +
				conditions[i] * sizeof(uint32_t),
			    shared);
	ck_assert_int_eq(read_sealed(image, image_size), COMPILED_DAMAGED);
}

START_TEST(problems_have_words)
{
	ck_assert_str_eq(compiled_problem(COMPILED_FOREIGN), "is not a compiled policy");
	ck_assert_str_eq(compiled_problem(COMPILED_DAMAGED), "is damaged");
	ck_assert_str_eq(
	    compiled_problem(COMPILED_VERSION_OTHER), "was compiled by another version of kashim");
}

Suite *
compiled_suite(void)
{
	Suite *suite = suite_create("compiled");
	TCase *claims = tcase_create("compiled");

	tcase_add_checked_fixture(claims, begin, end);
	tcase_add_test(claims, what_was_written_is_read_again);
	tcase_add_test(claims, policy_points_into_its_image_alone);
	tcase_add_test(claims, builtin_policy_can_be_compiled);
	tcase_add_test(claims, image_is_the_same_bytes_each_time);
	tcase_add_test(claims, layout_is_that_of_version_2);
	tcase_add_test(claims, every_truncation_is_refused);
	tcase_add_test(claims, every_byte_too_many_is_refused);
	tcase_add_test(claims, every_change_of_a_byte_is_refused);
	tcase_add_test(claims, every_swap_of_neighbours_is_refused);
	tcase_add_test(claims, other_versions_are_refused_as_such);
	tcase_add_test(claims, foreign_files_are_refused_as_such);
	tcase_add_test(claims, policy_is_not_touched_on_failure);
	tcase_add_test(claims, references_beyond_their_array_are_refused);
	tcase_add_test(claims, values_that_no_text_could_give_are_refused);
	tcase_add_test(claims, strings_without_end_are_refused);
	tcase_add_test(claims, sealed_corruption_never_leads_out_of_the_image);
	tcase_add_test(claims, sealed_corruption_of_the_header_never_leads_out_of_the_image);
	tcase_add_test(claims, conditions_that_share_words_are_refused);
	tcase_add_test(claims, problems_have_words);
	suite_add_tcase(suite, claims);
	return suite;
}
