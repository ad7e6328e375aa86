/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "suites.h"

static struct program program;
static char message[400];
static char *here;

static void
begin(void)
{
	scratch_enter();
	here = getcwd(NULL, 0);
	ck_assert_int_eq(mkdir("bin", 0755), 0);
	ck_assert_int_eq(setenv("PATH", scratch_text("%s/bin", here), 1), 0);
	program = (struct program){ 0 };
}

static void
end(void)
{
	program_free(&program);
	free(here);
}

/* Find a command of at most three words; those beyond are NULL. */
static int
find(const char *name, const char *first, const char *second)
{
	const char *const words[] = { name, first, second };
	char *arguments[4] = { NULL };
	struct text error = text_in(message, sizeof(message));
	int status;

	program_free(&program);
	for (size_t i = 0; i < 3 && words[i] != NULL; i++)
		arguments[i] = strdup(words[i]);
	status = program_find(arguments, &program, &error);
	for (size_t i = 0; i < 3; i++)
		free(arguments[i]);
	return status;
}

static void
finds(const char *name, const char *first, const char *second)
{
	int status = find(name, first, second);

	ck_assert_msg(status == 0, "%d: %s", status, message);
}

static void
is_below_here(const char *path, const char *expected)
{
	char *full = scratch_path(expected);

	ck_assert_str_eq(path, full);
	free(full);
}

static void
script(const char *name, const char *text)
{
	scratch_write_bytes(name, text, strlen(text), 0755);
}

/* Arguments as /proc/PID/cmdline has them, for comparing; `expected` ends with a NUL of its own. */
static void
arguments_are(const char *expected, size_t size)
{
	ck_assert_uint_eq(program.arguments_size, size);
	ck_assert_mem_eq(program.arguments, expected, size);
}

START_TEST(name_without_slash_is_looked_for_in_path)
{
	script("bin/tool", "");
	finds("tool", "x", NULL);
	is_below_here(program.executed, "bin/tool");
	is_below_here(program.image, "bin/tool");
	arguments_are("tool\0x", sizeof("tool\0x"));
	ck_assert_int_eq(mkdir("first", 0755), 0);
	script("first/tool", "");
	ck_assert_int_eq(setenv("PATH", scratch_text("%s/first:%s/bin", here, here), 1), 0);
	finds("tool", NULL, NULL);
	is_below_here(program.executed, "first/tool");
}

START_TEST(what_cannot_be_executed_in_path_is_passed_over)
{
	const char *path = scratch_text("%s/first:%s/second:/nowhere:%s/bin", here, here, here);

	ck_assert_int_eq(mkdir("first", 0755), 0);
	ck_assert_int_eq(mkdir("second", 0755), 0);
	scratch_write("first/tool", "");
	ck_assert_int_eq(mkdir("second/tool", 0755), 0);
	script("bin/tool", "");
	ck_assert_int_eq(setenv("PATH", path, 1), 0);
	finds("tool", NULL, NULL);
	is_below_here(program.executed, "bin/tool");
}

START_TEST(empty_part_of_path_is_the_working_directory)
{
	script("tool", "");
	ck_assert_int_eq(setenv("PATH", ":/nowhere", 1), 0);
	finds("tool", NULL, NULL);
	is_below_here(program.executed, "tool");
}

START_TEST(name_with_slash_is_a_path)
{
	script("tool", "");
	finds("./tool", NULL, NULL);
	is_below_here(program.executed, "tool");
	finds("bin/../tool", NULL, NULL);
	is_below_here(program.executed, "tool");
}

START_TEST(link_is_executed_under_its_own_name)
{
	script("real", "");
	ck_assert_int_eq(symlink("real", "link"), 0);
	finds("./link", NULL, NULL);
	is_below_here(program.executed, "link");
	is_below_here(program.image, "real");
}

START_TEST(what_is_not_found_is_127_and_what_cannot_be_executed_126)
{
	ck_assert_int_eq(find("nosuch", NULL, NULL), 127);
	ck_assert_str_eq(message, "nosuch: not found in PATH");
	ck_assert_int_eq(find("./nosuch", NULL, NULL), 127);
	ck_assert_str_eq(message, "./nosuch: No such file or directory");
	ck_assert_int_eq(find("", NULL, NULL), 127);
	ck_assert_str_eq(message, ": not found in PATH");
	scratch_write("bin/data", "");
	ck_assert_int_eq(find("data", NULL, NULL), 126);
	ck_assert_str_eq(message, "data: cannot be executed, it is no file with permission x");
	ck_assert_int_eq(find("bin/data", NULL, NULL), 126);
	ck_assert_str_eq(message, "bin/data: cannot be executed, it is no file with permission x");
	ck_assert_int_eq(find("./bin", NULL, NULL), 126);
	ck_assert_int_eq(find("bin/data/x", NULL, NULL), 127);
}

/* Write a script whose first line is #! and an interpreter in this directory, and the rest. */
static void
script_of(const char *name, const char *before, const char *interpreter, const char *rest)
{
	script(name, scratch_text("#!%s%s%s%s%s", before, *interpreter == '\0' ? "" : here,
			 *interpreter == '\0' ? "" : "/", interpreter, rest));
}

static const char *
argument(size_t number)
{
	const char *at = program.arguments;

	while (number-- != 0)
		at += strlen(at) + 1;
	ck_assert(at < program.arguments + program.arguments_size);
	return at;
}

START_TEST(script_runs_in_its_interpreter)
{
	script("sh", "");
	script_of("bin/job", "", "sh", " -e\necho\n");
	finds("job", "one", "two");
	is_below_here(program.executed, "bin/job");
	is_below_here(program.image, "sh");
	is_below_here(argument(0), "sh");
	ck_assert_str_eq(argument(1), "-e");
	is_below_here(argument(2), "bin/job");
	ck_assert_str_eq(argument(3), "one");
	ck_assert_str_eq(argument(4), "two");
	ck_assert_ptr_eq(argument(4) + sizeof("two"), program.arguments + program.arguments_size);
}

START_TEST(rest_of_the_first_line_is_one_argument)
{
	script("sh", "");
	script_of("job", " \t", "sh", " \t-a  b c \t\n");
	finds("./job", "x", NULL);
	is_below_here(argument(0), "sh");
	ck_assert_str_eq(argument(1), "-a  b c");
	is_below_here(argument(2), "job");
	ck_assert_str_eq(argument(3), "x");
}

START_TEST(script_of_a_script_runs_in_the_last_interpreter)
{
	script("sh", "");
	script_of("wrapper", "", "sh", "\n");
	script_of("job", "", "wrapper", "\n");
	finds("./job", "x", NULL);
	is_below_here(program.executed, "job");
	is_below_here(program.image, "sh");
	is_below_here(argument(0), "sh");
	is_below_here(argument(1), "wrapper");
	is_below_here(argument(2), "job");
	ck_assert_str_eq(argument(3), "x");
}

START_TEST(env_starts_a_program_of_its_own_name)
{
	script("bin/python3", "");
	script_of("job", "/usr/bin/env python3", "", "\nprint()\n");
	finds("./job", "x", NULL);
	is_below_here(program.executed, "bin/python3");
	is_below_here(program.image, "bin/python3");
	ck_assert_str_eq(argument(0), "python3");
	is_below_here(argument(1), "job");
	ck_assert_str_eq(argument(2), "x");
}

START_TEST(interpreter_that_does_not_exist_is_126)
{
	script_of("job", "", "nosuch", "\n");
	ck_assert_int_eq(find("./job", NULL, NULL), 126);
	ck_assert_ptr_nonnull(strstr(message, "nosuch: No such file or directory"));
	script_of("job", "/usr/bin/env nosuch", "", "\n");
	ck_assert_int_eq(find("./job", NULL, NULL), 126);
	ck_assert_str_eq(message, "nosuch: not found in PATH");
}

START_TEST(interpreters_without_end_are_126)
{
	script_of("job", "", "job", "\n");
	ck_assert_int_eq(find("./job", "x", NULL), 126);
	ck_assert_str_eq(message, "./job: its interpreters are scripts without end");
}

/* execve(2) answers ELOOP to the sixth. */
START_TEST(five_scripts_in_a_row_are_followed_as_the_kernel_does)
{
	script("0", "");
	for (int i = 1; i <= 6; i++)
		script_of(scratch_text("%d", i), "", scratch_text("%d", i - 1), "\n");
	finds("./5", "x", NULL);
	is_below_here(program.image, "0");
	is_below_here(argument(5), "5");
	ck_assert_str_eq(argument(6), "x");
	ck_assert_int_eq(find("./6", NULL, NULL), 126);
}

START_TEST(env_of_env_without_end_is_126)
{
	script_of("bin/job", "/usr/bin/env job", "", "\n");
	ck_assert_int_eq(find("job", "x", NULL), 126);
	ck_assert_str_eq(message, "job: its interpreters are scripts without end");
}

START_TEST(first_lines_at_and_beyond_what_the_kernel_reads_are_safe)
{
	for (int size = 240; size < 270; size++) {
		char filler[270];

		memset(filler, 'x', sizeof(filler));
		script("job", scratch_text("#!/%.*s", size, filler));
		ck_assert_int_ne(find("./job", NULL, NULL), 0);
		script("job", scratch_text("#!/x %.*s", size, filler));
		ck_assert_int_ne(find("./job", NULL, NULL), 0);
		script("job", scratch_text("#!%*s/x", size, ""));
		find("./job", NULL, NULL);
	}
}

START_TEST(short_and_empty_files_are_no_scripts)
{
	static const char *const texts[] = { "", "#", "#!", "#!\n", "#! \t\n", "!#/bin/sh\n" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		script("job", texts[i]);
		finds("./job", NULL, NULL);
		is_below_here(program.image, "job");
	}
}

START_TEST(facts_are_those_of_the_program)
{
	struct facts facts;

	script("bin/tool", "");
	finds("tool", "x", NULL);
	facts = program_facts(&program);
	ck_assert_str_eq(facts.executed, program.executed);
	ck_assert_str_eq(facts.image, program.image);
	ck_assert_uint_eq(facts.arguments_size, sizeof("tool\0x"));
	ck_assert_uint_eq(facts.user, geteuid());
	ck_assert_int_eq(facts.direction, DIRECTION_ANY);
	ck_assert(!facts.remote.known);
}

Suite *
program_suite(void)
{
	Suite *suite = suite_create("program");
	TCase *claims = tcase_create("program");

	tcase_add_checked_fixture(claims, begin, end);
	tcase_add_test(claims, name_without_slash_is_looked_for_in_path);
	tcase_add_test(claims, what_cannot_be_executed_in_path_is_passed_over);
	tcase_add_test(claims, empty_part_of_path_is_the_working_directory);
	tcase_add_test(claims, name_with_slash_is_a_path);
	tcase_add_test(claims, link_is_executed_under_its_own_name);
	tcase_add_test(claims, what_is_not_found_is_127_and_what_cannot_be_executed_126);
	tcase_add_test(claims, script_runs_in_its_interpreter);
	tcase_add_test(claims, rest_of_the_first_line_is_one_argument);
	tcase_add_test(claims, script_of_a_script_runs_in_the_last_interpreter);
	tcase_add_test(claims, env_starts_a_program_of_its_own_name);
	tcase_add_test(claims, interpreter_that_does_not_exist_is_126);
	tcase_add_test(claims, interpreters_without_end_are_126);
	tcase_add_test(claims, five_scripts_in_a_row_are_followed_as_the_kernel_does);
	tcase_add_test(claims, env_of_env_without_end_is_126);
	tcase_add_test(claims, first_lines_at_and_beyond_what_the_kernel_reads_are_safe);
	tcase_add_test(claims, short_and_empty_files_are_no_scripts);
	tcase_add_test(claims, facts_are_those_of_the_program);
	suite_add_tcase(suite, claims);
	return suite;
}
