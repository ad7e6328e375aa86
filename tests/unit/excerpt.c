/* SPDX-License-Identifier: MIT */
#include "excerpt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "reading.h"
#include "scratch.h"
#include "suites.h"

enum { NAMES = 300 };

static char *file, *copy;
static size_t file_size;

static void
begin(void)
{
	reading_begin();
	file = NULL;
	copy = NULL;
}

static void
end(void)
{
	free(file);
	free(copy);
	reading_end();
}

/*
 * Rules for many names, and between them some that concern every program, or other programs, too.
 */
static void
compile_many(void)
{
	static char text[1 << 16];
	int used = 0;

#define ADD(...) used += snprintf(text + used, sizeof(text) - (size_t)used, __VA_ARGS__)
	ADD("defaults: { idle = 45; profile = \"ipvs\"; };\nlog = \"none\";\n"
	    "profiles: { office = { path_timeout = \"30m\"; }; };\nrules = (\n");
	for (int i = 0; i < NAMES; i++)
		ADD(" { program = \"daemon-%d\"; idle = %d; },\n", i, i + 1);
	ADD(" { program = [\"daemon-1\", \"twice\", \"/opt/by-path\"]; argument = \"-x\"; mode = \"off\"; },\n"
	    " { program = [\"*-7\", \"daemon-8\"]; remote = \"10.0.0.0/8\"; idle = 777; },\n"
	    " { user = [0, 33]; remote_port = \"1-99\"; profile = \"office\"; },\n"
	    " { program = \"twice\"; idle = 888; }\n);\n");
#undef ADD
	reading_accepts(text);
	file = excerpt_compile(&reading_policy, &file_size);
}

/* Of a copy, since reading turns the bytes where they lie, on machines that have them the other way
 * round. It is good until the next one. */
static struct policy
part_of(struct index_part part)
{
	struct policy policy;

	free(copy);
	copy = malloc(part.size);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, file + part.offset, part.size);
	ck_assert_int_eq(compiled_read(copy, part.size, &policy), COMPILED_GOOD);
	return policy;
}

/* As the shim finds it for a program with one name. */
static struct index_part
find(const char *name)
{
	struct index index;
	struct index_part part;

	ck_assert_int_eq(index_read(file, file_size, &index), COMPILED_GOOD);
	part = index.others;
	ck_assert_int_eq(index_find(file + index_place(&index, index_hash(name)), file_size,
			     index_hash(name), &part),
	    COMPILED_GOOD);
	return part;
}

/* Rules are the same when they stand at the same place and set the same. */
static void
same_decision(const struct policy *excerpt, const struct facts *facts)
{
	const struct rule *rule = policy_match(excerpt, facts);
	const struct rule *expected = policy_match(&reading_policy, facts);

	ck_assert_ptr_nonnull(rule);
	ck_assert_uint_eq(rule->line, expected->line);
	ck_assert_str_eq(excerpt->strings + rule->file, reading_policy.strings + expected->file);
	ck_assert_mem_eq(excerpt->settings[rule->settings].value,
	    reading_policy.settings[expected->settings].value, sizeof(excerpt->settings[0].value));
	ck_assert_str_eq(excerpt->strings + excerpt->settings[rule->settings].profile,
	    reading_policy.strings + reading_policy.settings[expected->settings].profile);
}

static void
decides_alike(const char *path)
{
	static const char arguments[] = "x\0-x";
	struct policy excerpt = part_of(find(path));
	struct endpoint far = { true, 80, { 0, 0, 0xffff, 0x0a000001 } };
	struct facts facts = { .executed = path, .user = 33 };

	same_decision(&excerpt, &facts);
	facts.image = path;
	facts.executed = NULL;
	same_decision(&excerpt, &facts);
	facts.arguments = arguments;
	facts.arguments_size = sizeof(arguments);
	same_decision(&excerpt, &facts);
	facts.direction = DIRECTION_CONNECT;
	facts.remote = far;
	same_decision(&excerpt, &facts);
}

START_TEST(an_excerpt_decides_like_the_whole)
{
	char path[64];

	compile_many();
	for (int i = 0; i < NAMES; i++) {
		snprintf(path, sizeof(path), "/usr/sbin/daemon-%d", i);
		decides_alike(path);
	}
	decides_alike("/usr/bin/twice");
	decides_alike("/opt/by-path");
	decides_alike("/usr/bin/by-path");
	decides_alike("/usr/bin/job-7");
	decides_alike("/usr/bin/nobody-names-me");
}
END_TEST

START_TEST(an_excerpt_has_what_is_no_rule)
{
	struct policy excerpt;

	compile_many();
	excerpt = part_of(find("/usr/sbin/daemon-5"));
	ck_assert_uint_eq(excerpt.source_count, reading_policy.source_count);
	ck_assert_str_eq(excerpt.strings + excerpt.log, "none");
	ck_assert_uint_eq(excerpt.profile_count, 1);
	ck_assert_str_eq(excerpt.strings + excerpt.profiles[0].name, "office");
	ck_assert_int_eq(excerpt.settings[excerpt.defaults].value[OPTION_IDLE], 45);
}
END_TEST

START_TEST(an_excerpt_lacks_the_rules_for_others)
{
	compile_many();
	ck_assert_uint_eq(part_of(find("/x/daemon-5")).rule_count, 4);
	ck_assert_uint_eq(part_of(find("/x/unknown")).rule_count, 3);
	ck_assert_uint_lt(find("/x/daemon-5").size, 2048);
}
END_TEST

START_TEST(the_whole_is_there_too)
{
	struct index index;

	compile_many();
	ck_assert_int_eq(index_read(file, file_size, &index), COMPILED_GOOD);
	ck_assert_uint_eq(part_of(index.whole).rule_count, reading_policy.rule_count);
}
END_TEST

START_TEST(a_small_policy_has_no_index)
{
	struct index index;
	struct policy policy;

	reading_accepts("rules = ( { program = \"sshd\"; mode = \"off\"; } );");
	file = excerpt_compile(&reading_policy, &file_size);
	ck_assert_int_eq(index_read(file, file_size, &index), COMPILED_FOREIGN);
	ck_assert_int_eq(compiled_read(file, file_size, &policy), COMPILED_GOOD);
}
END_TEST

/* Each byte of header and table, changed in each bit and in all. */
START_TEST(every_change_of_a_byte_is_noticed)
{
	struct index index, changed;
	struct index_part expected, part;
	uint32_t hash = index_hash("daemon-5");
	size_t place;

	compile_many();
	ck_assert_int_eq(index_read(file, file_size, &index), COMPILED_GOOD);
	place = index_place(&index, hash);
	expected = find("daemon-5");
	for (size_t at = 0; at < INDEX_HEADER; at++) {
		for (int change = 1; change < 256; change++) {
			file[at] = (char)(file[at] ^ change);
			ck_assert_int_ne(index_read(file, file_size, &changed), COMPILED_GOOD);
			file[at] = (char)(file[at] ^ change);
		}
	}
	for (size_t at = place; at < place + INDEX_PROBED; at++) {
		for (int change = 1; change < 256; change++) {
			enum compiled_state state;

			part = index.others;
			file[at] = (char)(file[at] ^ change);
			state = index_find(file + place, file_size, hash, &part);
			ck_assert(
			    state != COMPILED_GOOD || memcmp(&part, &expected, sizeof(part)) == 0);
			file[at] = (char)(file[at] ^ change);
		}
	}
}
END_TEST

START_TEST(a_file_that_was_cut_is_damaged)
{
	struct index index;

	compile_many();
	for (size_t size = INDEX_HEADER; size < file_size; size += 8) {
		struct index_part part = { 0 };
		enum compiled_state state = index_read(file, size, &index);

		if (state == COMPILED_GOOD)
			state = index_find(file + index_place(&index, index_hash("daemon-5")), size,
			    index_hash("daemon-5"), &part);
		ck_assert(state != COMPILED_GOOD || part.offset + part.size <= size);
	}
}
END_TEST

Suite *
excerpt_suite(void)
{
	Suite *suite = suite_create("excerpt");
	TCase *tests = tcase_create("excerpt");

	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, an_excerpt_decides_like_the_whole);
	tcase_add_test(tests, an_excerpt_has_what_is_no_rule);
	tcase_add_test(tests, an_excerpt_lacks_the_rules_for_others);
	tcase_add_test(tests, the_whole_is_there_too);
	tcase_add_test(tests, a_small_policy_has_no_index);
	tcase_add_test(tests, every_change_of_a_byte_is_noticed);
	tcase_add_test(tests, a_file_that_was_cut_is_damaged);
	suite_add_tcase(suite, tests);
	return suite;
}
