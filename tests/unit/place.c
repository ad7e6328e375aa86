/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scratch.h"
#include "suites.h"
#include "text.h"

static struct places places;
static struct diagnostics diagnostics;

static void
begin(void)
{
	places = (struct places){ 0 };
	diagnostics = (struct diagnostics){ 0 };
}

static void
end(void)
{
	place_free(&places);
	diagnostic_free(&diagnostics);
}

static bool
scans(const char *text)
{
	end();
	begin();
	return place_scan("k.conf", text, &places, &diagnostics);
}

static void
is_at(const struct span *span, unsigned line, unsigned column, const char *text)
{
	ck_assert_uint_eq(span->number, line);
	ck_assert_uint_eq((unsigned)(span->at - span->line) + 1, column);
	ck_assert_uint_eq(span->width, strlen(text));
	ck_assert_int_eq(strncmp(span->at, text, span->width), 0);
}

static void
refuses(const char *text, unsigned line, unsigned column, const char *message)
{
	ck_assert_msg(!scans(text), "not refused: %s", text);
	ck_assert_uint_eq(diagnostics.count, 1);
	ck_assert_str_eq(diagnostics.entries[0].message, message);
	ck_assert_msg(
	    diagnostics.entries[0].line == line && diagnostics.entries[0].column == column,
	    "%s: at %u:%u", text, diagnostics.entries[0].line, diagnostics.entries[0].column);
}

START_TEST(empty_text_has_no_places)
{
	static const char *const texts[] = { "", "\n\n", "# nothing", "// nothing", "/* \n */",
		" \t\r\n\f" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		ck_assert_msg(scans(texts[i]), "%s", texts[i]);
		ck_assert_uint_eq(places.count, 0);
	}
}

START_TEST(names_and_values_are_found_where_they_stand)
{
	ck_assert(scans("# a = 1\ndefaults: {\n\tidle = \"60s\"; /* b */ count=6 };\n"));
	ck_assert_uint_eq(places.count, 3);
	is_at(&places.place[0].name, 2, 1, "defaults");
	is_at(&places.place[0].value, 2, 11, "{");
	is_at(&places.place[1].name, 3, 2, "idle");
	is_at(&places.place[1].value, 3, 9, "\"60s\"");
	is_at(&places.place[2].name, 3, 24, "count");
	is_at(&places.place[2].value, 3, 30, "6");
}

START_TEST(members_of_lists_have_no_names)
{
	ck_assert(scans("rules = ( { user = [ 1,\n 22 ] }, \"x\" )"));
	ck_assert_uint_eq(places.count, 6);
	ck_assert_uint_eq(places.place[1].name.width, 0);
	is_at(&places.place[1].value, 1, 11, "{");
	is_at(&places.place[2].name, 1, 13, "user");
	is_at(&places.place[3].value, 1, 22, "1");
	is_at(&places.place[4].value, 2, 2, "22");
	is_at(&places.place[5].value, 2, 10, "\"x\"");
}

START_TEST(brackets_quotes_and_signs_in_strings_and_comments_mean_nothing)
{
	ck_assert(
	    scans("a = \"{ ( [ # // /* \\\" \\\\\"; # } ) ]\nb = 1; /* } \" */ c = 2 // \" {\n"));
	ck_assert_uint_eq(places.count, 3);
	is_at(&places.place[1].name, 2, 1, "b");
	is_at(&places.place[2].name, 2, 18, "c");
}

START_TEST(strings_behind_each_other_are_one_value)
{
	ck_assert(scans("a = \"x\" # joined\n  \"y\"; b = 1;"));
	ck_assert_uint_eq(places.count, 2);
	is_at(&places.place[0].value, 1, 5, "\"x\" # joined\n  \"y\"");
	is_at(&places.place[1].name, 2, 8, "b");
}

START_TEST(lines_are_counted_with_carriage_returns_too)
{
	ck_assert(scans("a = 1;\r\n\r\nb = 2;\r\n"));
	is_at(&places.place[1].name, 3, 1, "b");
	is_at(&places.place[1].value, 3, 5, "2");
}

START_TEST(include_is_refused_wherever_it_stands)
{
	static const char message[] =
	    "@include is not supported, put files into the drop-in directory: the name of this configuration followed by .d";

	refuses("@include \"other.conf\"\n", 1, 1, message);
	refuses("a = 1;\n  @include \"other.conf\"\n", 2, 3, message);
	refuses("defaults: {\n@include \"/dev/stdin\"\n};", 2, 1, message);
	ck_assert(!scans("rules = (\n@include \"x\"\n);"));
	ck_assert(!scans("a =\n@include \"x\"\n;"));
	ck_assert(!scans("a\n@include \"x\"\n= 1;"));
	ck_assert(!scans("a = \"x\"\n@include \"x\"\n"));
}

START_TEST(include_in_comments_and_strings_is_text)
{
	ck_assert(scans("# @include \"x\"\n/*\n@include \"x\"\n*/ a = \"@include\";"));
}

START_TEST(what_is_not_closed_is_refused_where_it_was_opened)
{
	static const char bracket[] = "this bracket is not closed before the end of the file";

	refuses("defaults: {\n idle = 1;\n", 1, 11, bracket);
	refuses("rules = (\n { user = 1 }\n", 1, 9, bracket);
	refuses("rules = (\n { user = [ 1\n", 2, 11, bracket);
	refuses("a = 1;\n/* b = 2;\n", 2, 1, "this comment has no end, */ is missing");
	refuses("a = /*/ 2;\n", 1, 5, "this comment has no end, */ is missing");
	refuses("a = \"x;\nb = 2;\n", 1, 5, "this string has no end, \" is missing");
	refuses("a = \"x\\", 1, 5, "this string has no end, \" is missing");
	refuses("a = \"", 1, 5, "this string has no end, \" is missing");
	refuses("a = \"x\\\nb\";", 1, 5, "this string has no end, \" is missing");
}

START_TEST(brackets_that_close_nothing_are_refused)
{
	static const char message[] = "this bracket closes nothing, none is open";

	refuses("a = 1;\n}\n", 2, 1, message);
	refuses(")", 1, 1, message);
}

START_TEST(bracket_that_is_open_is_named)
{
	refuses("rules = ( { user = 1 ) };", 1, 22,
	    ") does not close the { of line 1, which needs a } first");
	refuses(
	    "\nrules = (\n1 ];", 3, 3, "] does not close the ( of line 2, which needs a ) first");
}

START_TEST(what_is_no_setting_is_refused)
{
	static const char setting[] = "syntax error, a setting is written \"name = value;\"";
	static const char equals[] =
	    "syntax error, = is missing, a setting is written \"name = value;\"";

	refuses("1 = 2;", 1, 1, setting);
	refuses("a = 1;\n = 2;", 2, 2, setting);
	refuses("a = 60 60;", 1, 8, setting);
	refuses("\xc3\xa4 = 1;", 1, 1, setting);
	refuses("a 1;", 1, 1, equals);
	refuses("a", 1, 1, equals);
	refuses("defaults {\n};", 1, 1, equals);
	refuses("a = ;", 1, 5, "a value is missing here");
	refuses("a =", 1, 4, "a value is missing here");
	refuses("a == 1", 1, 4, "a value is missing here");
	refuses("a = /var/log;", 1, 5, "a value is missing here");
	refuses("rules = ( ; );", 1, 11, "a value is missing here");
}

START_TEST(nul_in_a_string_is_refused)
{
	refuses("a = \"x\\x00y\";", 1, 5, "a string cannot hold a NUL character");
	ck_assert(scans("a = \"x\\\\x00y\";"));
}

/* "a = ((((" as deep as asked for, and what follows. */
static const char *
nested(const char *opening, size_t depth, const char *rest)
{
	char text[2000];
	struct text nest = text_in(text, sizeof(text));

	while (depth-- != 0)
		text_put(&nest, opening);
	return scratch_text("a = %s%s", text, rest);
}

START_TEST(deep_nesting_is_refused)
{
	ck_assert(scans(nested("(", 16, "))))))))))))))))")));
	refuses(nested("(", 17, ""), 1, 21,
	    "this is nested too deeply, allowed are 16 brackets in each other");
	refuses(nested("{a=", 300, ""), 1, 53,
	    "this is nested too deeply, allowed are 16 brackets in each other");
}

START_TEST(places_are_found_in_a_text_of_many_settings)
{
	static char text[20000 * 4 + 1];
	struct text many = text_in(text, sizeof(text));

	for (size_t i = 0; i < 20000; i++)
		text_put(&many, i % 2 == 0 ? "a=1\n" : "b=2;");
	ck_assert(scans(text));
	ck_assert_uint_eq(places.count, 20000);
	is_at(&places.place[19999].value, 10001, 7 - 4, "2");
}

/*
 * Each place counts the lines before it from the last one: else this takes longer than a test may.
 */
START_TEST(places_are_found_in_a_long_line)
{
	enum { COUNT = 200000, SIZE = 5 };
	char *text = malloc(COUNT * SIZE + 1);
	clock_t began = clock();

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < COUNT; i++)
		memcpy(text + i * SIZE, "a=1; ", SIZE + 1);
	ck_assert(scans(text));
	ck_assert_uint_eq(places.count, COUNT);
	ck_assert_int_lt(clock() - began, 2 * CLOCKS_PER_SEC);
	is_at(&places.place[COUNT - 1].name, 1, (COUNT - 1) * SIZE + 1, "a");
	end();
	begin();
	free(text);
}

Suite *
place_suite(void)
{
	Suite *suite = suite_create("place");
	TCase *claims = tcase_create("place");

	tcase_add_checked_fixture(claims, begin, end);
	tcase_add_test(claims, empty_text_has_no_places);
	tcase_add_test(claims, names_and_values_are_found_where_they_stand);
	tcase_add_test(claims, members_of_lists_have_no_names);
	tcase_add_test(claims, brackets_quotes_and_signs_in_strings_and_comments_mean_nothing);
	tcase_add_test(claims, strings_behind_each_other_are_one_value);
	tcase_add_test(claims, lines_are_counted_with_carriage_returns_too);
	tcase_add_test(claims, include_is_refused_wherever_it_stands);
	tcase_add_test(claims, include_in_comments_and_strings_is_text);
	tcase_add_test(claims, what_is_not_closed_is_refused_where_it_was_opened);
	tcase_add_test(claims, brackets_that_close_nothing_are_refused);
	tcase_add_test(claims, bracket_that_is_open_is_named);
	tcase_add_test(claims, what_is_no_setting_is_refused);
	tcase_add_test(claims, nul_in_a_string_is_refused);
	tcase_add_test(claims, deep_nesting_is_refused);
	tcase_add_test(claims, places_are_found_in_a_text_of_many_settings);
	tcase_add_test(claims, places_are_found_in_a_long_line);
	suite_add_tcase(suite, claims);
	return suite;
}
