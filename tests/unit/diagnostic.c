/* SPDX-License-Identifier: MIT */
#include "diagnostic.h"

#include <stdlib.h>
#include <string.h>

#include "suites.h"

static struct diagnostics diagnostics;

static void
begin(void)
{
	diagnostics = (struct diagnostics){ 0 };
}

static void
end(void)
{
	diagnostic_free(&diagnostics);
}

/* What is printed about all diagnostics so far. The caller frees it. */
static char *
printed(bool colour)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	diagnostic_print(&diagnostics, out, colour);
	fclose(out);
	return text;
}

static void
prints(const char *expected)
{
	char *text = printed(false);

	ck_assert_str_eq(text, expected);
	free(text);
}

static void
at(const char *line, unsigned number, size_t column, size_t width)
{
	struct span span = { line, number, line + column - 1, width };

	diagnostic_at(&diagnostics, "k.conf", &span, "wrong %d", (int)number);
}

START_TEST(diagnostic_of_a_file_is_one_line)
{
	diagnostic_in_file(
	    &diagnostics, "/etc/kashim.conf", "cannot be opened: %s", "No such file");
	ck_assert_uint_eq(diagnostics.entries[0].line, 0);
	prints("/etc/kashim.conf: cannot be opened: No such file\n");
}

START_TEST(diagnostic_points_at_its_place)
{
	at("    idle = 0;\nnext = 1;\n", 7, 12, 1);
	ck_assert_uint_eq(diagnostics.entries[0].line, 7);
	ck_assert_uint_eq(diagnostics.entries[0].column, 12);
	prints("k.conf:7: wrong 7\n"
	       "    7 |     idle = 0;\n"
	       "      |            ^\n");
}

START_TEST(caret_is_as_wide_as_the_place_but_not_wider_than_the_line)
{
	at("interva1 = 15;", 1, 1, 8);
	at("abc = \"xyz", 2, 7, 100);
	at("abc", 3, 4, 0);
	prints("k.conf:1: wrong 1\n"
	       "    1 | interva1 = 15;\n"
	       "      | ^~~~~~~~\n"
	       "k.conf:2: wrong 2\n"
	       "    2 | abc = \"xyz\n"
	       "      |       ^~~~\n"
	       "k.conf:3: wrong 3\n"
	       "    3 | abc\n"
	       "      |    ^\n");
}

START_TEST(caret_stands_under_its_place_behind_tabs_and_letters_of_many_bytes)
{
	at("\t\tidle = 0;", 1, 10, 1);
	at("# \xc3\xa4\xe2\x82\xac idle", 2, 9, 4);
	prints("k.conf:1: wrong 1\n"
	       "    1 | \t\tidle = 0;\n"
	       "      | \t\t       ^\n"
	       "k.conf:2: wrong 2\n"
	       "    2 | # \xc3\xa4\xe2\x82\xac idle\n"
	       "      |      ^~~~\n");
}

START_TEST(control_characters_do_not_reach_the_terminal)
{
	at("a\033[2J = 1;", 1, 1, 1);
	prints("k.conf:1: wrong 1\n"
	       "    1 | a?[2J = 1;\n"
	       "      | ^\n");
}

START_TEST(carriage_return_ends_the_line_that_is_shown)
{
	at("idle = 0;\r\nx\r\n", 1, 8, 1);
	prints("k.conf:1: wrong 1\n"
	       "    1 | idle = 0;\n"
	       "      |        ^\n");
}

START_TEST(very_long_line_is_shown_near_its_place)
{
	char line[4001];
	char *text;

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	line[2000] = '!';
	at(line, 1, 2001, 1);
	ck_assert_uint_eq(diagnostics.entries[0].column, 2001);
	text = printed(false);
	ck_assert_uint_lt(strlen(text), 400);
	ck_assert_ptr_nonnull(strchr(text, '!'));
	ck_assert_int_eq(strrchr(text, '|') - strrchr(text, '^'), -102);
	free(text);
}

START_TEST(colour_is_for_the_caret_alone)
{
	char *text;

	at("idle = 0;", 1, 8, 1);
	text = printed(true);
	ck_assert_ptr_nonnull(strstr(text, "\033[1;31m^\033[0m\n"));
	free(text);
}

START_TEST(diagnostics_are_sorted_by_line_and_column_from_the_first_asked_for)
{
	at("ninth", 9, 1, 1);
	at("third", 3, 4, 1);
	at("third", 3, 2, 1);
	at("first", 1, 1, 1);
	diagnostic_sort(&diagnostics, 1);
	ck_assert_uint_eq(diagnostics.entries[0].line, 9);
	ck_assert_uint_eq(diagnostics.entries[1].line, 1);
	ck_assert_uint_eq(diagnostics.entries[2].column, 2);
	ck_assert_uint_eq(diagnostics.entries[3].column, 4);
	diagnostic_sort(&diagnostics, 4);
	diagnostic_sort(&diagnostics, 5);
}

START_TEST(meant_is_the_nearest_word)
{
	static const char *const keys[] = { "idle", "interval", "count", "mode", "remote",
		"remote_port", NULL };
	static const char *const cases[][2] = {
		{ "interva1", "interval" },
		{ "idel", "idle" },
		{ "idl", "idle" },
		{ "idles", "idle" },
		{ "coutn", "count" },
		{ "remot", "remote" },
		{ "remoteport", "remote_port" },
		{ "interval", "interval" },
		{ "Idle", "idle" },
		{ "xy", NULL },
		{ "", NULL },
		{ "keepalive_time", NULL },
		{ "idxx", "idle" },
		{ "ixxx", NULL },
		{ "a_word_that_is_longer_than_any_key_could_ever_be", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *meant = diagnostic_meant(cases[i][0], keys);

		ck_assert_msg(meant == NULL
				  ? cases[i][1] == NULL
				  : cases[i][1] != NULL && strcmp(meant, cases[i][1]) == 0,
		    "%s: %s", cases[i][0], meant == NULL ? "nothing" : meant);
	}
}

START_TEST(short_words_are_not_guessed_wildly)
{
	static const char *const keys[] = { "off", "a", NULL };

	ck_assert_ptr_null(diagnostic_meant("b", keys));
	ck_assert_str_eq(diagnostic_meant("of", keys), "off");
}

Suite *
diagnostic_suite(void)
{
	Suite *suite = suite_create("diagnostic");
	TCase *claims = tcase_create("diagnostic");

	tcase_add_checked_fixture(claims, begin, end);
	tcase_add_test(claims, diagnostic_of_a_file_is_one_line);
	tcase_add_test(claims, diagnostic_points_at_its_place);
	tcase_add_test(claims, caret_is_as_wide_as_the_place_but_not_wider_than_the_line);
	tcase_add_test(claims, caret_stands_under_its_place_behind_tabs_and_letters_of_many_bytes);
	tcase_add_test(claims, control_characters_do_not_reach_the_terminal);
	tcase_add_test(claims, carriage_return_ends_the_line_that_is_shown);
	tcase_add_test(claims, very_long_line_is_shown_near_its_place);
	tcase_add_test(claims, colour_is_for_the_caret_alone);
	tcase_add_test(claims, diagnostics_are_sorted_by_line_and_column_from_the_first_asked_for);
	tcase_add_test(claims, meant_is_the_nearest_word);
	tcase_add_test(claims, short_words_are_not_guessed_wildly);
	suite_add_tcase(suite, claims);
	return suite;
}
