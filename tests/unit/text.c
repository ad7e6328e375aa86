/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <string.h>

#include "suites.h"

START_TEST(text_starts_empty_in_any_buffer)
{
	char buffer[1] = { 'x' };
	struct text text = text_in(buffer, sizeof(buffer));

	ck_assert_str_eq(buffer, "");
	text_put(&text, "more than fits");
	ck_assert_str_eq(buffer, "");
	ck_assert_uint_eq(text.used, 0);
}

START_TEST(text_grows_and_ends_with_a_nul)
{
	char buffer[16];
	struct text text = text_in(buffer, sizeof(buffer));

	text_put(&text, "idle");
	text_put_bytes(&text, " = 60s", 4);
	text_put(&text, "0");
	ck_assert_str_eq(buffer, "idle = 60");
	ck_assert_uint_eq(text.used, 9);
}

START_TEST(text_leaves_out_what_does_not_fit)
{
	char buffer[9];
	struct text text;

	memset(buffer, '#', sizeof(buffer));
	text = text_in(buffer, 8);
	text_put(&text, "12345");
	text_put(&text, "6789");
	text_put(&text, "x");
	ck_assert_str_eq(buffer, "1234567");
	ck_assert_int_eq(buffer[8], '#');
}

START_TEST(numbers_are_written_in_decimal_to_their_last_value)
{
	static const struct {
		int64_t number;
		const char *expected;
	} cases[] = {
		{ 0, "0" },
		{ 7, "7" },
		{ -1, "-1" },
		{ 4294967356, "4294967356" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buffer[32];
		struct text text = text_in(buffer, sizeof(buffer));

		text_put_number(&text, cases[i].number);
		ck_assert_str_eq(buffer, cases[i].expected);
	}
}

START_TEST(seconds_are_written_as_people_say_them)
{
	static const struct {
		int64_t seconds;
		const char *expected;
	} cases[] = {
		{ 0, "0s" },
		{ 45, "45s" },
		{ 60, "1m" },
		{ 140, "2m20s" },
		{ 3600, "1h" },
		{ 3601, "1h1s" },
		{ 5430, "1h30m30s" },
		{ 4194176, "1165h2m56s" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buffer[32];
		struct text text = text_in(buffer, sizeof(buffer));

		text_put_duration(&text, cases[i].seconds);
		ck_assert_str_eq(buffer, cases[i].expected);
	}
}

Suite *
text_suite(void)
{
	Suite *suite = suite_create("text");
	TCase *claims = tcase_create("text");

	tcase_add_test(claims, text_starts_empty_in_any_buffer);
	tcase_add_test(claims, text_grows_and_ends_with_a_nul);
	tcase_add_test(claims, text_leaves_out_what_does_not_fit);
	tcase_add_test(claims, numbers_are_written_in_decimal_to_their_last_value);
	tcase_add_test(claims, seconds_are_written_as_people_say_them);
	suite_add_tcase(suite, claims);
	return suite;
}
