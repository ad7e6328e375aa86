/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdint.h>
#include <stdlib.h>

#include "suites.h"
#include "utf8.h"

static const char *const titles[] = { ">PID", "<PROGRAM", ">IDLE", "<NOTE", NULL };

static void
prints(size_t columns, bool colour, const char *expected)
{
	const struct terminal terminal = { .columns = columns, .colour = colour };
	struct table table = table_of(titles);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	table_add(&table, (const char *[]){ "812", "nginx", "60s", "" }, false);
	table_add(&table, (const char *[]){ "7", "käse", "7200s", "no shim" }, true);
	table_add(&table, (const char *[]){ "9", "e\033[2J\xff", "", "" }, false);
	table_print(&table, out, &terminal);
	table_free(&table);
	fclose(out);
	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(columns_are_as_wide_as_what_stands_in_them)
{
	prints(SIZE_MAX, false,
	    "PID  PROGRAM   IDLE  NOTE\n"
	    "812  nginx      60s\n"
	    "  7  käse     7200s  no shim\n"
	    "  9  e?[2J?\n");
}

START_TEST(a_marked_row_has_a_colour_where_there_is_colour)
{
	prints(SIZE_MAX, true,
	    "PID  PROGRAM   IDLE  NOTE\n"
	    "812  nginx      60s\n"
	    "\033[1;31m  7  käse     7200s  no shim\n"
	    "\033[0m  9  e?[2J?\n");
}

START_TEST(the_last_column_goes_below_on_a_narrow_terminal)
{
	prints(20, false,
	    "PID  PROGRAM   IDLE\n"
	    "812  nginx      60s\n"
	    "  7  käse     7200s\n"
	    "    no shim\n"
	    "  9  e?[2J?\n");
}

START_TEST(rows_become_blocks_on_a_very_narrow_terminal)
{
	prints(15, false,
	    "PID      812\nPROGRAM  nginx\nIDLE     60s\n\n"
	    "PID      7\nPROGRAM  käse\nIDLE     7200s\nNOTE     no shim\n\n"
	    "PID      9\nPROGRAM  e?[2J?\n");
}

START_TEST(characters_are_told_from_bytes)
{
	static const struct {
		const char *string;
		size_t size;
	} cases[] = {
		{ "a", 1 },
		{ "ä", 2 },
		{ "€", 3 },
		{ "\xf0\x9f\x98\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 },
		{ "\x80", 0 },
		{ "\xc3", 0 },
		{ "\xc3(", 0 },
		{ "\xc1\xbf", 0 },
		{ "\xe0\x9f\xbf", 0 },
		{ "\xed\xa0\x80", 0 },
		{ "\xf4\x90\x80\x80", 0 },
		{ "\xf8\x88\x80\x80", 0 },
		{ "\xff", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_uint_eq(utf8_size(cases[i].string), cases[i].size);
	ck_assert_uint_eq(utf8_width("käse €"), 6);
}

static void
is_put_as(const char *string, const char *expected)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	terminal_put(out, string);
	fclose(out);
	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(nothing_takes_over_the_terminal)
{
	is_put_as("a\r\n\t\033]0;x\007b", "a????]0;x?b");
	is_put_as("\302\233[2J", "?[2J");
	is_put_as("\302\240\177", "\302\240?");
	is_put_as("\377\376", "??");
}

Suite *
table_suite(void)
{
	Suite *suite = suite_create("table");
	TCase *claims = tcase_create("table");

	tcase_add_test(claims, columns_are_as_wide_as_what_stands_in_them);
	tcase_add_test(claims, a_marked_row_has_a_colour_where_there_is_colour);
	tcase_add_test(claims, the_last_column_goes_below_on_a_narrow_terminal);
	tcase_add_test(claims, rows_become_blocks_on_a_very_narrow_terminal);
	tcase_add_test(claims, characters_are_told_from_bytes);
	tcase_add_test(claims, nothing_takes_over_the_terminal);
	suite_add_tcase(suite, claims);
	return suite;
}
