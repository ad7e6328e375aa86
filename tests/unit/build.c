/* SPDX-License-Identifier: MIT */
#include "build.h"

#include "suites.h"

static struct build build;

static void
begin(void)
{
	build_begin(&build);
}

static void
end(void)
{
	build_free(&build);
}

START_TEST(empty_policy_has_word_0_and_the_empty_string)
{
	struct policy policy = build_policy(&build);

	ck_assert_uint_eq(policy.word_count, 1);
	ck_assert_uint_eq(policy.words[0], 0);
	ck_assert_uint_eq(policy.strings_size, 1);
	ck_assert_str_eq(policy.strings, "");
	ck_assert_uint_eq(policy.rule_count, 0);
}

START_TEST(what_is_appended_stays_at_its_index_while_the_rest_grows)
{
	uint32_t words[1000], strings[1000];
	char name[] = "0000";

	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t two[] = { i, ~i };
		struct rule rule = { .line = i };

		name[0] = (char)('a' + i % 26);
		words[i] = build_words(&build, two, 1 + i % 2);
		strings[i] = build_string(&build, name);
		ck_assert_uint_eq(build_rule(&build, &rule), i);
	}
	for (uint32_t i = 0; i < 1000; i++) {
		ck_assert_uint_eq(build.words[words[i]], i);
		ck_assert_uint_eq(build.rules[i].line, i);
		ck_assert_int_eq(build.strings[strings[i]], 'a' + (int)(i % 26));
	}
}

START_TEST(equal_settings_are_kept_once)
{
	struct settings settings = settings_builtin();
	uint32_t first = build_settings(&build, &settings);
	uint32_t second;

	settings.value[OPTION_IDLE] = 5;
	second = build_settings(&build, &settings);
	ck_assert_uint_ne(second, first);
	ck_assert_uint_eq(build_settings(&build, &settings), second);
	settings = settings_builtin();
	ck_assert_uint_eq(build_settings(&build, &settings), first);
	ck_assert_uint_eq(build.settings_count, 2);
}

Suite *
build_suite(void)
{
	Suite *suite = suite_create("build");
	TCase *claims = tcase_create("build");

	tcase_add_checked_fixture(claims, begin, end);
	tcase_add_test(claims, empty_policy_has_word_0_and_the_empty_string);
	tcase_add_test(claims, what_is_appended_stays_at_its_index_while_the_rest_grows);
	tcase_add_test(claims, equal_settings_are_kept_once);
	suite_add_tcase(suite, claims);
	return suite;
}
