/* SPDX-License-Identifier: MIT */
#include "group.h"

#include <stdio.h>
#include <string.h>

#include "reading.h"
#include "scratch.h"
#include "suites.h"

/* One key with a value, in the group that is asked for: "rules = ( { KEY = VALUE; } );" */
static const char *
in_group(enum group_kind kind, const char *key, const char *value)
{
	static const char *const around[][2] = {
		[GROUP_DEFAULTS] = { "defaults: { ", " };" },
		[GROUP_PROFILE] = { "profiles: { p = { ", " }; };" },
		[GROUP_RULE] = { "rules = ( { ", " } );" },
	};

	return scratch_text("%s%s = %s;%s", around[kind][0], key, value, around[kind][1]);
}

static int32_t
value_in(enum group_kind kind, enum option_id option)
{
	if (kind == GROUP_PROFILE)
		return reading_policy.settings[reading_policy.profiles[0].settings].value[option];
	return reading_settings(0).value[option];
}

static bool
is_refused(const char *text)
{
	scratch_write("kashim.conf", text);
	return !reading_again() && reading.diagnostics.count == 1;
}

START_TEST(every_key_takes_its_range_in_every_group)
{
	for (enum group_kind kind = GROUP_DEFAULTS; kind <= GROUP_RULE; kind++)
		for (enum option_id option = 0; option < OPTION_COUNT; option++) {
			const struct option_row *row = &option_table[option];
			char value[40];

			if (row->unit == UNIT_SWITCH)
				continue;
			snprintf(value, sizeof(value), "%d", row->min);
			reading_accepts(in_group(kind, row->key, value));
			ck_assert_int_eq(value_in(kind, option), row->min);
			snprintf(value, sizeof(value), "\"%d\"", row->max);
			reading_accepts(in_group(kind, row->key, value));
			ck_assert_int_eq(value_in(kind, option), row->max);
			snprintf(value, sizeof(value), "%d", row->min - 1);
			ck_assert_msg(is_refused(in_group(kind, row->key, value)), "%s", value);
			snprintf(value, sizeof(value), "%lld", (long long)row->max + 1);
			ck_assert_msg(is_refused(in_group(kind, row->key, value)), "%s", value);
		}
}

START_TEST(integer_that_libconfig_would_wrap_is_refused)
{
	reading_refuses("defaults: { idle = 4294967356; };", 1, 20, 10,
	    "idle: 4294967356 is not within 1..32767 seconds");
	reading_refuses("defaults: { count = 0x100000006; };", 1, 21, 11,
	    "count: 4294967302 is not within 1..127");
	reading_refuses("rules = ( { idle = -4294967236; } );", 1, 20, 11,
	    "idle: -4294967236 is not within 1..32767 seconds");
}

START_TEST(wrong_types_are_refused_for_each_key)
{
	static const char *const wrong[][2] = {
		{ "( 1 )", "this is a list ( ), allowed is " },
		{ "[ 1 ]", "this is an array [ ], allowed is " },
		{ "{ a = 1; }", "this is a group { }, allowed is " },
	};
	const char *keys[OPTION_COUNT + 3];
	size_t count = 0;

	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		keys[count++] = option_table[option].key;
	keys[count++] = "mode";
	keys[count++] = "profile";
	keys[count++] = "direction";
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < sizeof(wrong) / sizeof(wrong[0]); j++) {
			const char *text = in_group(GROUP_RULE, keys[i], wrong[j][0]);
			const struct diagnostic *diagnostic;

			ck_assert_msg(is_refused(text), "%s", text);
			diagnostic = &reading.diagnostics.entries[0];
			ck_assert_msg(strstr(diagnostic->message, wrong[j][1]) != NULL, "%s: %s",
			    text, diagnostic->message);
			ck_assert_int_eq(strncmp(diagnostic->message, keys[i], strlen(keys[i])), 0);
			ck_assert_uint_eq(diagnostic->column, 13 + strlen(keys[i]) + 3);
		}
}

START_TEST(values_of_the_wrong_kind_are_refused_for_each_option)
{
	static const char *const wrong[] = { "true", "1.5", "1e3", "\"\"", "\"six\"", "\"1 s\"" };

	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
			const char *text = in_group(GROUP_RULE, option_table[option].key, wrong[i]);

			if (option == OPTION_KEEPALIVE && i == 0)
				continue;
			ck_assert_msg(is_refused(text), "%s", text);
			ck_assert_ptr_nonnull(strstr(reading.diagnostics.entries[0].message,
			    " is not understood, allowed is "));
		}
}

START_TEST(unknown_key_is_refused_with_what_may_be_meant)
{
	reading_refuses("rules = ( { program = \"java\"; interva1 = 15; } );", 1, 31, 8,
	    "interva1: no such setting, did you mean \"interval\"?");
	reading_refuses("rules = ( { programm = \"java\"; } );", 1, 13, 8,
	    "programm: no such setting, did you mean \"program\"?");
	reading_refuses("rules = ( { remote-port = 1; } );", 1, 13, 11,
	    "remote-port: no such setting, did you mean \"remote_port\"?");
	reading_refuses("rules = ( { directon = \"connect\"; } );", 1, 13, 8,
	    "directon: no such setting, did you mean \"direction\"?");
	reading_refuses("defaults: { moed = \"off\"; };", 1, 13, 4,
	    "moed: no such setting, did you mean \"mode\"?");
	reading_refuses("profiles: { p = { idel = 5; }; };", 1, 19, 4,
	    "idel: no such setting, did you mean \"idle\"?");
	reading_refuses("defaults: { tcp_keepalive_time = 5; };", 1, 13, 18,
	    "tcp_keepalive_time: no such setting, kashim.conf(5) lists them");
	reading_refuses(
	    "defaults: { Idle = 5; };", 1, 13, 4, "Idle: no such setting, did you mean \"idle\"?");
}

START_TEST(key_that_a_group_cannot_have_is_not_suggested)
{
	reading_refuses("profiles: { p = { mod = \"off\"; }; };", 1, 19, 3,
	    "mod: no such setting, kashim.conf(5) lists them");
	reading_refuses("defaults: { programm = \"x\"; };", 1, 13, 8,
	    "programm: no such setting, kashim.conf(5) lists them");
}

START_TEST(conditions_are_for_rules_alone)
{
	for (enum condition condition = 0; condition <= CONDITION_COUNT; condition++) {
		const char *key =
		    condition == CONDITION_COUNT ? "direction" : condition_keys[condition];
		const char *message =
		    scratch_text("%s: is a condition, only a rule can have it", key);

		reading_refuses(
		    in_group(GROUP_DEFAULTS, key, "\"x\""), 1, 13, (unsigned)strlen(key), message);
		reading_refuses(
		    in_group(GROUP_PROFILE, key, "\"x\""), 1, 19, (unsigned)strlen(key), message);
	}
}

START_TEST(profile_has_neither_mode_nor_profile)
{
	reading_refuses("profiles: { p = { mode = \"off\"; }; };", 1, 19, 4,
	    "mode: is for rules and defaults, a profile cannot have it");
	reading_refuses("profiles: { p = { profile = \"ipvs\"; }; };", 1, 19, 7,
	    "profile: is for rules and defaults, a profile cannot have it");
}

START_TEST(keepalive_is_true_or_false_in_every_group)
{
	for (enum group_kind kind = GROUP_DEFAULTS; kind <= GROUP_RULE; kind++) {
		reading_accepts(in_group(kind, "keepalive", "false"));
		ck_assert_int_eq(value_in(kind, OPTION_KEEPALIVE), 0);
		reading_accepts(in_group(kind, "keepalive", "true"));
		ck_assert_int_eq(value_in(kind, OPTION_KEEPALIVE), 1);
	}
	reading_refuses(in_group(GROUP_RULE, "keepalive", "1"), 1, 25, 1,
	    "keepalive: \"1\" is not understood, allowed is true or false");
}

START_TEST(modes_are_four_words)
{
	static const char *const modes[] = { "tighten", "force", "suggest", "off" };

	for (uint32_t i = 0; i < 4; i++) {
		char value[20];

		snprintf(value, sizeof(value), "\"%s\"", modes[i]);
		reading_accepts(in_group(GROUP_RULE, "mode", value));
		ck_assert_uint_eq(reading_settings(0).mode, MODE_TIGHTEN + i);
		reading_accepts(in_group(GROUP_DEFAULTS, "mode", value));
		ck_assert_uint_eq(reading_settings(0).mode, MODE_TIGHTEN + i);
	}
	reading_refuses(in_group(GROUP_RULE, "mode", "\"forec\""), 1, 20, 7,
	    "mode: \"forec\" is not allowed, did you mean \"force\"?");
	reading_refuses(in_group(GROUP_RULE, "mode", "\"on\""), 1, 20, 4,
	    "mode: \"on\" is not allowed, allowed are \"tighten\", \"force\", \"suggest\", \"off\"");
	reading_refuses(in_group(GROUP_RULE, "mode", "false"), 1, 20, 5,
	    "mode: \"false\" is not allowed, allowed are \"tighten\", \"force\", \"suggest\", \"off\"");
}

START_TEST(directions_are_two_words)
{
	reading_accepts(in_group(GROUP_RULE, "direction", "\"connect\""));
	ck_assert_uint_eq(reading_policy.rules[0].direction, DIRECTION_CONNECT);
	reading_accepts(in_group(GROUP_RULE, "direction", "\"accept\""));
	ck_assert_uint_eq(reading_policy.rules[0].direction, DIRECTION_ACCEPT);
	reading_refuses(in_group(GROUP_RULE, "direction", "\"in\""), 1, 25, 4,
	    "direction: \"in\" is not allowed, allowed are \"connect\", \"accept\"");
	reading_refuses(in_group(GROUP_RULE, "direction", "\"\""), 1, 25, 2,
	    "direction: \"\" is not allowed, allowed are \"connect\", \"accept\"");
}

START_TEST(path_timeout_gives_what_its_own_group_does_not_set)
{
	reading_accepts("rules = ( { path_timeout = \"350s\"; interval = 7; } );");
	ck_assert_int_eq(value_in(GROUP_RULE, OPTION_IDLE), 140);
	ck_assert_int_eq(value_in(GROUP_RULE, OPTION_INTERVAL), 7);
	ck_assert_int_eq(value_in(GROUP_RULE, OPTION_PROBES), 5);
}

START_TEST(what_path_timeout_gives_stands_where_it_stands)
{
	reading_accepts("rules = ( {\n interval = 7;\n path_timeout = 350; } );");
	ck_assert_uint_eq(reading_line(0, OPTION_INTERVAL), 2);
	ck_assert_uint_eq(reading_line(0, OPTION_PATH_TIMEOUT), 3);
	ck_assert_uint_eq(reading_line(0, OPTION_IDLE), 3);
	ck_assert_uint_eq(reading_line(0, OPTION_PROBES), 3);
}

Suite *
group_suite(void)
{
	Suite *suite = suite_create("group");
	TCase *claims = tcase_create("group");

	tcase_add_checked_fixture(claims, reading_begin, reading_end);
	tcase_add_test(claims, every_key_takes_its_range_in_every_group);
	tcase_add_test(claims, integer_that_libconfig_would_wrap_is_refused);
	tcase_add_test(claims, wrong_types_are_refused_for_each_key);
	tcase_add_test(claims, values_of_the_wrong_kind_are_refused_for_each_option);
	tcase_add_test(claims, unknown_key_is_refused_with_what_may_be_meant);
	tcase_add_test(claims, key_that_a_group_cannot_have_is_not_suggested);
	tcase_add_test(claims, conditions_are_for_rules_alone);
	tcase_add_test(claims, profile_has_neither_mode_nor_profile);
	tcase_add_test(claims, keepalive_is_true_or_false_in_every_group);
	tcase_add_test(claims, modes_are_four_words);
	tcase_add_test(claims, directions_are_two_words);
	tcase_add_test(claims, path_timeout_gives_what_its_own_group_does_not_set);
	tcase_add_test(claims, what_path_timeout_gives_stands_where_it_stands);
	suite_add_tcase(suite, claims);
	return suite;
}
