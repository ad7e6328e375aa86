/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <stdlib.h>

#include "suites.h"

static char *printed_text;
static size_t printed_size;
static struct json json;

static void
begin(void)
{
	FILE *out = open_memstream(&printed_text, &printed_size);

	ck_assert_ptr_nonnull(out);
	json = json_begin(out);
}

static void
prints(const char *expected)
{
	json_end(&json);
	fclose(json.out);
	ck_assert_str_eq(printed_text, expected);
	free(printed_text);
}

START_TEST(nothing_is_an_empty_array)
{
	begin();
	prints("[]\n");
}

START_TEST(each_object_is_a_line)
{
	begin();
	json_object(&json);
	json_number(&json, "pid", 812);
	json_string(&json, "program", "nginx");
	json_object(&json);
	json_null(&json, "pid");
	json_string(&json, "program", NULL);
	json_boolean(&json, "shim", false);
	prints("[\n {\"pid\": 812, \"program\": \"nginx\"},\n"
	       " {\"pid\": null, \"program\": null, \"shim\": false}\n]\n");
}

static void
string_prints(const char *value, const char *expected)
{
	char room[200];

	snprintf(room, sizeof(room), "[\n {\"a\": %s}\n]\n", expected);
	begin();
	json_object(&json);
	json_string(&json, "a", value);
	prints(room);
}

START_TEST(strings_are_escaped)
{
	string_prints("a\"b\\c", "\"a\\\"b\\\\c\"");
	string_prints("\n\t\033[2J\177", "\"\\u000a\\u0009\\u001b[2J\\u007f\"");
	string_prints("käse €", "\"käse €\"");
}

START_TEST(what_is_no_utf8_is_replaced)
{
	string_prints("a\xff", "\"a\\ufffd\"");
	string_prints("\xc3", "\"\\ufffd\"");
	string_prints("\xc0\xaf", "\"\\ufffd\\ufffd\"");
	string_prints("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");
}

static void
option_prints(enum option_id option, int32_t value, const char *expected)
{
	char room[200];

	snprintf(room, sizeof(room), "[\n {\"a\": %s}\n]\n", expected);
	begin();
	json_object(&json);
	json_option(&json, "a", option, value);
	prints(room);
}

START_TEST(times_are_seconds)
{
	option_prints(OPTION_IDLE, 60, "60");
	option_prints(OPTION_USER_TIMEOUT, 290000, "290");
	option_prints(OPTION_USER_TIMEOUT, 1500, "1.500");
	option_prints(OPTION_USER_TIMEOUT, 7, "0.007");
	option_prints(OPTION_USER_TIMEOUT, VALUE_AUTO, "\"auto\"");
	option_prints(OPTION_USER_TIMEOUT, VALUE_OFF, "\"off\"");
	option_prints(OPTION_IDLE, VALUE_UNSET, "null");
}

START_TEST(a_place_is_whole_or_null)
{
	begin();
	json_object(&json);
	json_place(&json, "file", "line", "k.conf", 7);
	json_place(&json, "other_file", "other_line", "", 0);
	prints("[\n"
	       " {\"file\": \"k.conf\", \"line\": 7, \"other_file\": null, \"other_line\": null}\n"
	       "]\n");
}

START_TEST(decimals_are_short)
{
	begin();
	json_object(&json);
	json_decimal(&json, "a", 5);
	json_decimal(&json, "b", 25.714285714);
	json_decimal(&json, "c", 0.109865);
	prints("[\n {\"a\": 5, \"b\": 25.7143, \"c\": 0.109865}\n]\n");
}

Suite *
json_suite(void)
{
	Suite *suite = suite_create("json");
	TCase *claims = tcase_create("json");

	tcase_add_test(claims, nothing_is_an_empty_array);
	tcase_add_test(claims, each_object_is_a_line);
	tcase_add_test(claims, strings_are_escaped);
	tcase_add_test(claims, what_is_no_utf8_is_replaced);
	tcase_add_test(claims, times_are_seconds);
	tcase_add_test(claims, a_place_is_whole_or_null);
	tcase_add_test(claims, decimals_are_short);
	suite_add_tcase(suite, claims);
	return suite;
}
