/* SPDX-License-Identifier: MIT */
#include "condition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "scratch.h"
#include "suites.h"

/* The members of a condition of the first rule. */
static const uint32_t *
members(enum condition condition, uint32_t *count)
{
	uint32_t at = reading_policy.rules[0].condition[condition];

	ck_assert_uint_ne(at, 0);
	*count = reading_policy.words[at];
	return reading_policy.words + at + 1;
}

static void
rule_accepts(const char *conditions)
{
	reading_accepts(scratch_text("rules = ( { %s } );\n", conditions));
}

/* `conditions` stands from column 13 on. */
static void
rule_refuses(const char *conditions, unsigned column, unsigned width, const char *message)
{
	reading_refuses(
	    scratch_text("rules = ( { %s } );\n", conditions), 1, column, width, message);
}

START_TEST(conditions_are_found_by_their_keys)
{
	for (enum condition condition = 0; condition < CONDITION_COUNT; condition++)
		ck_assert_int_eq(condition_named(condition_keys[condition]), condition);
	ck_assert_int_eq(condition_named("direction"), CONDITION_COUNT);
	ck_assert_int_eq(condition_named("prog"), CONDITION_COUNT);
	ck_assert_int_eq(condition_named(""), CONDITION_COUNT);
}

START_TEST(condition_is_a_value_or_a_list_of_them)
{
	static const char *const texts[] = { "program = \"sshd\";", "program = [\"sshd\"];",
		"program = (\"sshd\");" };
	uint32_t count;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		rule_accepts(texts[i]);
		ck_assert_str_eq(
		    reading_policy.strings + *members(CONDITION_PROGRAM, &count), "sshd");
		ck_assert_uint_eq(count, 1);
	}
	rule_accepts("program = (\"a\", \"b\", \"c\");");
	members(CONDITION_PROGRAM, &count);
	ck_assert_uint_eq(count, 3);
}

START_TEST(users_are_names_and_numbers)
{
	uint32_t count;
	const uint32_t *member;

	rule_accepts("user = (0, 1000, \"33\", \"root\", 4294967294);");
	member = members(CONDITION_USER, &count);
	ck_assert_uint_eq(count, 5);
	ck_assert_uint_eq(member[0], 0);
	ck_assert_uint_eq(member[1], 1000);
	ck_assert_uint_eq(member[2], 33);
	ck_assert_uint_eq(member[3], 0);
	ck_assert_uint_eq(member[4], 4294967294);
}

START_TEST(unknown_users_are_refused)
{
	static const char *const users[] = { "-1", "4294967295", "4294967296", "1.5", "true",
		"\"nosuchuser\"", "\"\"", "\" 0\"", "\"0 \"", "\"0x0\"" };

	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		int quotes = users[i][0] == '"' ? 1 : 0;
		int width = (int)strlen(users[i]);

		rule_refuses(scratch_text("user = %s;", users[i]), 20, (unsigned)width,
		    scratch_text(
			"user: there is no user \"%.*s\", allowed are names and numbers of users",
			width - 2 * quotes, users[i] + quotes));
	}
}

START_TEST(networks_and_ports_are_read_into_words)
{
	uint32_t count;
	const uint32_t *member;

	rule_accepts(
	    "remote = [\"10.0.0.0/8\", \"!10.1.0.0/16\"]; remote_port = (22, \"80,8000-8099\");");
	member = members(CONDITION_REMOTE, &count);
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(member[3], 0x0a000000);
	ck_assert_uint_eq(member[4], 96 + 8);
	ck_assert_uint_eq(member[NETWORK_WORDS + 3], 0x0a010000);
	ck_assert_uint_eq(member[NETWORK_WORDS + 5], 1);
	member = members(CONDITION_REMOTE_PORT, &count);
	ck_assert_uint_eq(count, 3);
	ck_assert_uint_eq(member[0], 22U << 16 | 22);
	ck_assert_uint_eq(member[2], 8000U << 16 | 8099);
}

START_TEST(host_bits_are_refused_where_they_stand)
{
	rule_refuses("remote = \"10.0.0.1/8\";", 22, 12,
	    "remote: \"10.0.0.1/8\" has bits set beyond its prefix, did you mean \"10.0.0.0/8\"?");
	rule_refuses("local = [\"10.0.0.0/8\", \"::1/0\"];", 36, 7,
	    "local: \"::1/0\" has bits set beyond its prefix, did you mean \"::/0\"?");
}

START_TEST(patterns_that_can_never_match_are_refused)
{
	rule_refuses(
	    "program = \"\";", 23, 2, "program: an empty pattern matches nothing, leave it out");
	rule_refuses(
	    "argument = \"\";", 24, 2, "argument: an empty pattern matches nothing, leave it out");
	rule_refuses("program = \"a[b\";", 23, 5,
	    "program: [ has no ], write \\\\[ for the character itself");
	rule_refuses("program = \"[]a\";", 23, 5,
	    "program: [ has no ], write \\\\[ for the character itself");
	rule_refuses("program = \"a\\\\\";", 23, 5,
	    "program: the pattern ends in a backslash, write \\\\\\\\ for the character itself");
	rule_refuses("program = \"bin/java\";", 23, 10,
	    "program: a pattern with a / is for the whole path, so it has to start with / or *");
	rule_refuses("program = \"./java\";", 23, 8,
	    "program: a pattern with a / is for the whole path, so it has to start with / or *");
}

START_TEST(patterns_that_can_match_are_taken)
{
	rule_accepts("program = (\"/opt/*\", \"*/java\", \"[/]opt/x\", \"?opt/x\", \"ja[vx]a\");");
	rule_accepts("program = (\"a\\\\[b\", \"[]x]a\", \"[!]]a\", \"*\", \"[[:alpha:]]*\");");
	rule_accepts("argument = (\"bin/java\", \"./x\", \"-*\", \"--conf=/etc/x\");");
}

START_TEST(bracket_in_brackets_is_a_character)
{
	rule_accepts("program = \"[[]*\";");
}

START_TEST(patterns_have_to_be_strings)
{
	rule_refuses("program = 7;", 23, 1,
	    "program: this is a number, allowed is a shell pattern in quotes");
	rule_refuses("argument = (\"x\", true);", 30, 4,
	    "argument: this is a boolean, allowed is a shell pattern in quotes");
}

START_TEST(empty_lists_are_refused)
{
	for (enum condition condition = 0; condition < CONDITION_COUNT; condition++) {
		const char *key = condition_keys[condition];
		unsigned column = 13 + (unsigned)strlen(key) + 3;

		rule_refuses(scratch_text("%s = ( );", key), column, 1,
		    scratch_text("%s: an empty list matches nothing, leave it out", key));
	}
}

START_TEST(lists_in_lists_and_groups_are_refused)
{
	for (enum condition condition = 0; condition < CONDITION_COUNT; condition++) {
		const char *key = condition_keys[condition];
		unsigned column = 13 + (unsigned)strlen(key) + 3;

		rule_refuses(scratch_text("%s = ( (1) );", key), column + 2, 1,
		    scratch_text(
			"%s: this is a list ( ), allowed is a single value, or a list of them",
			key));
		rule_refuses(scratch_text("%s = { };", key), column, 1,
		    scratch_text(
			"%s: this is a group { }, allowed is a single value, or a list of them",
			key));
	}
}

START_TEST(control_characters_are_refused)
{
	rule_refuses(
	    "program = \"a\\nb\";", 23, 6, "program: a control character is not allowed here");
	rule_refuses("argument = \"a\\x1b[2J\";", 24, 10,
	    "argument: a control character is not allowed here");
}

START_TEST(very_long_values_are_refused)
{
	char value[514];

	memset(value, 'x', sizeof(value));
	reading_accepts(scratch_text("rules = ( { program = \"%.512s\"; } );", value));
	reading_refuses(scratch_text("rules = ( { program = \"%.513s\"; } );", value), 1, 23, 138,
	    "program: this is too long, allowed are 512 bytes");
}

/* A list of so many members: "key = (value,value,...)". */
static char *
long_list(const char *key, const char *value, size_t count)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	fprintf(out, "rules = ( { %s = (%s", key, value);
	while (--count != 0)
		fprintf(out, ",%s", value);
	fputs("); } );", out);
	fclose(out);
	return text;
}

static void
takes_members_up_to_the_limit(const char *key, const char *value)
{
	char *text = long_list(key, value, CONDITION_MEMBERS);

	reading_accepts(text);
	free(text);
	text = long_list(key, value, CONDITION_MEMBERS + 1);
	scratch_write("kashim.conf", text);
	ck_assert(!reading_again());
	ck_assert_uint_eq(reading.diagnostics.count, 1);
	free(text);
}

START_TEST(lists_have_a_limit_that_can_be_reached)
{
	takes_members_up_to_the_limit("program", "\"x\"");
	takes_members_up_to_the_limit("user", "1");
	takes_members_up_to_the_limit("remote", "\"::1\"");
	takes_members_up_to_the_limit("remote_port", "1");
}

START_TEST(every_wrong_member_is_reported)
{
	scratch_write("kashim.conf",
	    "rules = ( { remote = (\"a\", \"10.0.0.1\", \"b\"); local_port = (0, 1, 70000); } );");
	ck_assert(!reading_again());
	ck_assert_uint_eq(reading.diagnostics.count, 4);
}

Suite *
condition_suite(void)
{
	Suite *suite = suite_create("condition");
	TCase *claims = tcase_create("condition");

	tcase_add_checked_fixture(claims, reading_begin, reading_end);
	tcase_add_test(claims, conditions_are_found_by_their_keys);
	tcase_add_test(claims, condition_is_a_value_or_a_list_of_them);
	tcase_add_test(claims, users_are_names_and_numbers);
	tcase_add_test(claims, unknown_users_are_refused);
	tcase_add_test(claims, networks_and_ports_are_read_into_words);
	tcase_add_test(claims, host_bits_are_refused_where_they_stand);
	tcase_add_test(claims, patterns_that_can_never_match_are_refused);
	tcase_add_test(claims, patterns_that_can_match_are_taken);
	tcase_add_test(claims, bracket_in_brackets_is_a_character);
	tcase_add_test(claims, patterns_have_to_be_strings);
	tcase_add_test(claims, empty_lists_are_refused);
	tcase_add_test(claims, lists_in_lists_and_groups_are_refused);
	tcase_add_test(claims, control_characters_are_refused);
	tcase_add_test(claims, very_long_values_are_refused);
	tcase_add_test(claims, lists_have_a_limit_that_can_be_reached);
	tcase_add_test(claims, every_wrong_member_is_reported);
	suite_add_tcase(suite, claims);
	return suite;
}
