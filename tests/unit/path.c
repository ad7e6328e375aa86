/* SPDX-License-Identifier: MIT */
#include "path.h"

#include <string.h>

#include "suites.h"

START_TEST(compiled_form_stands_beside_its_configuration)
{
	static const char *const cases[][2] = {
		{ "/etc/kashim.conf", "/etc/kashim.policy" },
		{ "kashim.conf", "kashim.policy" },
		{ "/etc/kashim", "/etc/kashim.policy" },
		{ ".conf", ".conf.policy" },
		{ "a.conf.conf", "a.conf.policy" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buffer[64];
		struct text text = text_in(buffer, sizeof(buffer));

		path_put_compiled(&text, cases[i][0]);
		ck_assert_str_eq(buffer, cases[i][1]);
	}
}

START_TEST(dropins_stand_in_a_directory_beside_their_configuration)
{
	char buffer[64];
	struct text text = text_in(buffer, sizeof(buffer));

	path_put_dropins(&text, "/etc/kashim.conf");
	ck_assert_str_eq(buffer, "/etc/kashim.conf.d");
}

START_TEST(base_of_a_path_stands_behind_its_last_slash)
{
	ck_assert_str_eq(path_base("/usr/bin/env"), "env");
	ck_assert_str_eq(path_base("env"), "env");
	ck_assert_str_eq(path_base("bin/"), "");
	ck_assert_str_eq(path_base(""), "");
}

START_TEST(paths_become_absolute_without_dots)
{
	static const char *const cases[][3] = {
		{ "/home/a", "/etc/kashim.conf", "/etc/kashim.conf" },
		{ "/home/a", "kashim.conf", "/home/a/kashim.conf" },
		{ "/home/a", "./x//y/", "/home/a/x/y" },
		{ "/home/a", "../b/./c", "/home/b/c" },
		{ "/home/a", "../../../..", "/" },
		{ "/home/a", "..", "/home" },
		{ "/home/a", "/../etc", "/etc" },
		{ "/home/a", "...", "/home/a/..." },
		{ "/home/a", ".hidden/..x", "/home/a/.hidden/..x" },
		{ "/", "a", "/a" },
		{ "/", ".", "/" },
		{ "", "a", "/a" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buffer[64];
		struct text text = text_in(buffer, sizeof(buffer));

		path_put_absolute(&text, cases[i][0], cases[i][1]);
		ck_assert_str_eq(buffer, cases[i][2]);
	}
}

START_TEST(absolute_path_is_appended_to_what_stands_before)
{
	char buffer[64];
	struct text text = text_in(buffer, sizeof(buffer));

	text_put(&text, "/root");
	path_put_absolute(&text, "/home", "/../../etc");
	ck_assert_str_eq(buffer, "/root/etc");
}

START_TEST(path_without_room_stays_in_its_buffer)
{
	char buffer[8];
	struct text text = text_in(buffer, sizeof(buffer));

	path_put_absolute(&text, "/home/someone", "a/../../../../b/c/d/e/f");
	ck_assert_uint_lt(strlen(buffer), sizeof(buffer));
}

Suite *
path_suite(void)
{
	Suite *suite = suite_create("path");
	TCase *claims = tcase_create("path");

	tcase_add_test(claims, compiled_form_stands_beside_its_configuration);
	tcase_add_test(claims, dropins_stand_in_a_directory_beside_their_configuration);
	tcase_add_test(claims, base_of_a_path_stands_behind_its_last_slash);
	tcase_add_test(claims, paths_become_absolute_without_dots);
	tcase_add_test(claims, absolute_path_is_appended_to_what_stands_before);
	tcase_add_test(claims, path_without_room_stays_in_its_buffer);
	suite_add_tcase(suite, claims);
	return suite;
}
