/* SPDX-License-Identifier: MIT */
#include "profile.h"

#include <string.h>

#include "reading.h"
#include "suites.h"

static char message[300];

static bool
reads(const struct policy *policy, const char *line, struct settings *settings)
{
	struct text error = text_in(message, sizeof(message));

	return profile_read_line(policy, line, settings, &error);
}

static void
accepts(const struct policy *policy, const char *line, struct settings *settings)
{
	ck_assert_msg(reads(policy, line, settings), "%s: %s", line, message);
}

static void
refuses(const char *line, const char *expected)
{
	struct settings settings;

	ck_assert_msg(!reads(NULL, line, &settings), "%s is not refused", line);
	ck_assert_str_eq(message, expected);
}

static void
has(const struct settings *settings, int32_t idle, int32_t interval, int32_t count)
{
	ck_assert_int_eq(settings->value[OPTION_IDLE], idle);
	ck_assert_int_eq(settings->value[OPTION_INTERVAL], interval);
	ck_assert_int_eq(settings->value[OPTION_PROBES], count);
}

START_TEST(builtin_profiles_have_the_documented_timeouts)
{
	static const struct {
		const char *name;
		int32_t path_timeout, idle, interval;
	} cases[BUILTIN_PROFILES] = {
		{ "aws-nlb", 350, 140, 30 },
		{ "aws-nat-gateway", 350, 140, 30 },
		{ "azure-lb", 240, 96, 24 },
		{ "gcp-vpc", 600, 240, 30 },
		{ "ipvs", 900, 360, 30 },
		{ "home-router", 900, 360, 30 },
	};

	for (size_t i = 0; i < BUILTIN_PROFILES; i++) {
		struct settings settings;

		ck_assert_msg(profile_find(NULL, cases[i].name, strlen(cases[i].name), &settings),
		    "%s", cases[i].name);
		ck_assert_int_eq(settings.value[OPTION_PATH_TIMEOUT], cases[i].path_timeout);
		has(&settings, cases[i].idle, cases[i].interval, 5);
		ck_assert_uint_eq(settings.mode, MODE_UNSET);
	}
}

START_TEST(builtin_profiles_say_what_they_are_and_where_that_is_documented)
{
	for (size_t i = 0; i < BUILTIN_PROFILES; i++) {
		ck_assert_str_ne(builtin_paths[i].what, "");
		ck_assert_str_ne(builtin_paths[i].source, "");
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(builtin_profiles[i].name, builtin_profiles[j].name);
	}
}

START_TEST(profile_is_found_by_its_whole_name_alone)
{
	struct settings settings;

	ck_assert(profile_find(NULL, "ipvs,idle", 4, &settings));
	ck_assert(!profile_find(NULL, "ipvs", 3, &settings));
	ck_assert(!profile_find(NULL, "ipvsx", 5, &settings));
	ck_assert(!profile_find(NULL, "IPVS", 4, &settings));
	ck_assert(!profile_find(NULL, "", 0, &settings));
}

START_TEST(profile_of_the_text_stands_before_a_builtin_one)
{
	struct settings settings;

	reading_accepts("profiles: { ipvs = { idle = 7; }; office = { path_timeout = 100; }; };");
	ck_assert(profile_find(&reading_policy, "ipvs", 4, &settings));
	has(&settings, 7, VALUE_UNSET, VALUE_UNSET);
	ck_assert(profile_find(&reading_policy, "office", 6, &settings));
	has(&settings, 40, 10, 5);
	ck_assert(profile_find(&reading_policy, "aws-nlb", 7, &settings));
	has(&settings, 140, 30, 5);
	ck_assert(!profile_find(&reading_policy, "off", 3, &settings));
}

START_TEST(line_sets_what_it_says)
{
	struct settings settings;

	accepts(NULL, "idle=30,interval=5,count=3", &settings);
	has(&settings, 30, 5, 3);
	ck_assert_uint_eq(settings.mode, MODE_UNSET);
	accepts(NULL, "idle=1h30m,user_timeout=auto,mode=suggest", &settings);
	has(&settings, 5400, 10, 6);
	ck_assert_int_eq(settings.value[OPTION_USER_TIMEOUT], VALUE_AUTO);
	ck_assert_uint_eq(settings.mode, MODE_SUGGEST);
	accepts(NULL, "idle=30,", &settings);
	has(&settings, 30, 10, 6);
	accepts(NULL, "keepalive=false", &settings);
	ck_assert_int_eq(settings.value[OPTION_KEEPALIVE], 0);
}

START_TEST(line_may_be_a_mode_alone)
{
	struct settings settings;

	accepts(NULL, "off", &settings);
	ck_assert_uint_eq(settings.mode, MODE_OFF);
	accepts(NULL, "suggest", &settings);
	ck_assert_uint_eq(settings.mode, MODE_SUGGEST);
	has(&settings, 60, 10, 6);
	accepts(NULL, "suggest,idle=5", &settings);
	ck_assert_uint_eq(settings.mode, MODE_SUGGEST);
	has(&settings, 5, 10, 6);
}

START_TEST(empty_line_is_the_builtin_policy)
{
	struct settings settings;
	struct settings builtin = settings_builtin();

	accepts(NULL, "", &settings);
	settings = profile_obey_line(NULL, NULL, &settings);
	ck_assert_mem_eq(&settings, &builtin, sizeof(builtin));
}

START_TEST(line_takes_the_rest_from_its_profile_then_defaults)
{
	struct settings settings;

	reading_accepts("defaults: { interval = 7; syn_count = 2; profile = \"ipvs\"; };\n"
			"profiles: { office = { idle = 11; }; };");
	accepts(&reading_policy, "count=9", &settings);
	has(&settings, 360, 7, 9);
	accepts(&reading_policy, "count=9,profile=office", &settings);
	has(&settings, 11, 7, 9);
	ck_assert_int_eq(settings.value[OPTION_SYN_COUNT], 2);
	accepts(&reading_policy, "profile=aws-nlb,idle=1", &settings);
	has(&settings, 1, 30, 5);
	accepts(&reading_policy, "path_timeout=20", &settings);
	has(&settings, 8, 2, 5);
}

START_TEST(path_timeout_of_a_line_stands_before_its_profile)
{
	struct settings settings;

	accepts(NULL, "profile=aws-nlb,path_timeout=20", &settings);
	has(&settings, 8, 2, 5);
}

/* What holds under a line, for the program that the first rule is for. */
static struct settings
obeyed(const char *line)
{
	struct settings settings;

	accepts(&reading_policy, line, &settings);
	return profile_obey_line(&reading_policy, &reading_policy.rules[0], &settings);
}

START_TEST(line_is_tighten_even_under_defaults_off)
{
	reading_accepts("defaults: { mode = \"off\"; };");
	ck_assert_uint_eq(obeyed("idle=30").mode, MODE_TIGHTEN);
	reading_accepts("defaults: { mode = \"suggest\"; };");
	ck_assert_uint_eq(obeyed("idle=30").mode, MODE_TIGHTEN);
}

START_TEST(rule_that_says_off_holds_against_a_line_without_a_mode)
{
	reading_accepts("rules = ( { program = \"a\"; mode = \"off\"; } );");
	ck_assert_uint_eq(obeyed("idle=30").mode, MODE_OFF);
	ck_assert_uint_eq(obeyed("idle=30,mode=tighten").mode, MODE_TIGHTEN);
	ck_assert_uint_eq(obeyed("force").mode, MODE_FORCE);
	reading_accepts("rules = ( { program = \"a\"; mode = \"suggest\"; } );");
	ck_assert_uint_eq(obeyed("idle=30").mode, MODE_TIGHTEN);
}

START_TEST(wrong_line_is_refused_with_the_reason)
{
	static const char allowed[] =
	    " is not understood, allowed are a mode, or settings of kashim.conf(5) as key=value with commas between them";
	static const char *const junk[] = { "idle", "idel=30", "=30", "on", ",", "idle =30",
		"keepalives=true", "program=x", "Off", "idle=3,,count=3" };

	refuses("idle=0", "idle: 0 is not within 1..32767 seconds");
	refuses("idle=4294967356", "idle: 4294967356 is not within 1..32767 seconds");
	refuses("profile=nosuch", "profile: there is no \"nosuch\", 'kashim profiles' lists them");
	refuses("profile=", "profile: there is no \"\", 'kashim profiles' lists them");
	refuses(
	    "mode=on", "mode: \"on\" is not allowed, allowed are tighten, force, suggest and off");
	refuses("mode=", "mode: \"\" is not allowed, allowed are tighten, force, suggest and off");
	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
		struct settings settings;

		ck_assert_msg(!reads(NULL, junk[i], &settings), "%s is not refused", junk[i]);
		ck_assert_msg(strstr(message, allowed) != NULL, "%s: %s", junk[i], message);
	}
}

START_TEST(nothing_is_given_twice)
{
	refuses("idle=30,idle=40", "idle: given twice, take one of them out");
	refuses("profile=ipvs,profile=aws-nlb", "profile: given twice, take one of them out");
	refuses("mode=off,force", "mode: given twice, take one of them out");
	refuses("off,off", "mode: given twice, take one of them out");
}

START_TEST(reason_names_the_wrong_item_alone)
{
	refuses("idle=30,count=0", "count: 0 is not within 1..127");
	refuses("idle=30,interval=5,profile=nosuch",
	    "profile: there is no \"nosuch\", 'kashim profiles' lists them");
}

Suite *
profile_suite(void)
{
	Suite *suite = suite_create("profile");
	TCase *claims = tcase_create("profile");

	tcase_add_checked_fixture(claims, reading_begin, reading_end);
	tcase_add_test(claims, builtin_profiles_have_the_documented_timeouts);
	tcase_add_test(claims, builtin_profiles_say_what_they_are_and_where_that_is_documented);
	tcase_add_test(claims, profile_is_found_by_its_whole_name_alone);
	tcase_add_test(claims, profile_of_the_text_stands_before_a_builtin_one);
	tcase_add_test(claims, line_sets_what_it_says);
	tcase_add_test(claims, line_may_be_a_mode_alone);
	tcase_add_test(claims, empty_line_is_the_builtin_policy);
	tcase_add_test(claims, line_takes_the_rest_from_its_profile_then_defaults);
	tcase_add_test(claims, path_timeout_of_a_line_stands_before_its_profile);
	tcase_add_test(claims, line_is_tighten_even_under_defaults_off);
	tcase_add_test(claims, rule_that_says_off_holds_against_a_line_without_a_mode);
	tcase_add_test(claims, wrong_line_is_refused_with_the_reason);
	tcase_add_test(claims, nothing_is_given_twice);
	tcase_add_test(claims, reason_names_the_wrong_item_alone);
	suite_add_tcase(suite, claims);
	return suite;
}
