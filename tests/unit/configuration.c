/* SPDX-License-Identifier: MIT */
#include "configuration.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reading.h"
#include "scratch.h"
#include "suites.h"

static void
has(uint32_t rule, int32_t idle, int32_t interval, int32_t count)
{
	struct settings settings = reading_settings(rule);

	ck_assert_int_eq(settings.value[OPTION_IDLE], idle);
	ck_assert_int_eq(settings.value[OPTION_INTERVAL], interval);
	ck_assert_int_eq(settings.value[OPTION_PROBES], count);
}

static const char *
profile_of(uint32_t rule)
{
	return reading_policy.strings + reading_settings(rule).profile;
}

/* The first program of a rule. */
static const char *
program_of(uint32_t rule)
{
	uint32_t at = reading_policy.rules[rule].condition[CONDITION_PROGRAM];

	return reading_policy.strings + reading_policy.words[at + 1];
}

static void
write_dropin(const char *name, const char *text)
{
	mkdir("kashim.conf.d", 0755);
	scratch_write(scratch_text("kashim.conf.d/%s", name), text);
}

START_TEST(no_configuration_is_the_builtin_policy)
{
	ck_assert(reading_again());
	ck_assert(!reading.exists);
	ck_assert_uint_eq(reading_rules(), 0);
	has(0, 60, 10, 6);
	ck_assert_uint_eq(reading_settings(0).mode, MODE_TIGHTEN);
	ck_assert_uint_eq(reading_policy.rules[0].line, 0);
	ck_assert_uint_eq(reading_line(0, OPTION_IDLE), 0);
}

START_TEST(empty_configuration_is_the_builtin_policy)
{
	reading_accepts("");
	ck_assert(reading.exists);
	ck_assert_uint_eq(reading_rules(), 0);
	has(0, 60, 10, 6);
	reading_accepts("rules = ( ); profiles: { }; defaults: { };");
	ck_assert_uint_eq(reading_rules(), 0);
	has(0, 60, 10, 6);
}

START_TEST(last_rule_is_defaults)
{
	reading_accepts("rules = ( { program = \"a\"; } );\ndefaults: { idle = 5; };\n");
	ck_assert_uint_eq(reading_rules(), 1);
	ck_assert(!policy_looks_at_connection(&reading_policy.rules[1]));
	ck_assert_uint_eq(reading_policy.rules[1].settings, reading_policy.defaults);
	ck_assert_uint_eq(reading_policy.rules[1].line, 2);
	has(1, 5, 10, 6);
}

START_TEST(rule_takes_the_rest_from_defaults_wherever_they_stand)
{
	reading_accepts("rules = ( { program = \"a\"; idle = 7; } );\n"
			"defaults: { idle = 5; interval = 3; };\n");
	has(0, 7, 3, 6);
}

START_TEST(value_of_a_rule_comes_before_that_of_its_profile)
{
	reading_accepts("rules = ( { profile = \"aws-nlb\"; idle = 7; } );");
	has(0, 7, 30, 5);
	ck_assert_str_eq(profile_of(0), "aws-nlb");
}

START_TEST(profile_of_a_rule_comes_before_defaults)
{
	reading_accepts("defaults: { idle = 5; count = 2; syn_count = 3; };\n"
			"profiles: { office = { idle = 70; }; };\n"
			"rules = ( { profile = \"office\"; } );\n");
	has(0, 70, 10, 2);
	ck_assert_int_eq(reading_settings(0).value[OPTION_SYN_COUNT], 3);
}

START_TEST(profile_may_stand_below_the_rule_that_names_it)
{
	reading_accepts("rules = ( { profile = \"office\"; } );\n"
			"profiles: { office = { idle = 70; }; };\n");
	has(0, 70, 10, 6);
}

START_TEST(profile_of_defaults_comes_after_defaults)
{
	reading_accepts(
	    "defaults: { profile = \"aws-nlb\"; idle = 5; };\nrules = ( { count = 2; } );");
	has(1, 5, 30, 5);
	has(0, 5, 30, 2);
	ck_assert_str_eq(profile_of(1), "aws-nlb");
}

START_TEST(profile_of_defaults_comes_after_the_profile_of_a_rule)
{
	reading_accepts("defaults: { profile = \"aws-nlb\"; };\n"
			"profiles: { office = { idle = 70; }; };\n"
			"rules = ( { profile = \"office\"; } );\n");
	has(0, 70, 30, 5);
	ck_assert_str_eq(profile_of(0), "office");
}

START_TEST(path_timeout_of_a_rule_comes_before_its_profile)
{
	reading_accepts("rules = ( { profile = \"aws-nlb\"; path_timeout = 20; } );");
	has(0, 8, 2, 5);
	ck_assert_int_eq(reading_settings(0).value[OPTION_PATH_TIMEOUT], 20);
}

START_TEST(values_of_a_rule_come_before_path_timeout_of_defaults)
{
	reading_accepts("defaults: { path_timeout = 350; };\nrules = ( { idle = 7; } );");
	has(0, 7, 30, 5);
	has(1, 140, 30, 5);
}

START_TEST(nothing_leaks_from_rule_to_rule)
{
	reading_accepts("rules = (\n"
			" { program = \"a\"; idle = 7; user_timeout = \"auto\"; mode = \"off\";\n"
			"   direction = \"connect\"; remote = \"::1\"; profile = \"ipvs\"; },\n"
			" { program = \"b\"; }\n);");
	has(1, 60, 10, 6);
	ck_assert_int_eq(reading_settings(1).value[OPTION_USER_TIMEOUT], VALUE_UNSET);
	ck_assert_uint_eq(reading_settings(1).mode, MODE_TIGHTEN);
	ck_assert_uint_eq(reading_settings(1).profile, 0);
	ck_assert(!policy_looks_at_connection(&reading_policy.rules[1]));
}

START_TEST(rule_without_mode_has_that_of_defaults)
{
	reading_accepts("defaults: { mode = \"suggest\"; }; rules = ( { idle = 1; } );");
	ck_assert_uint_eq(reading_settings(0).mode, MODE_SUGGEST);
}

START_TEST(rule_without_mode_under_defaults_off_is_tighten)
{
	reading_accepts(
	    "defaults: {\n mode = \"off\"; };\n"
	    "rules = (\n { program = \"a\"; }, { mode = \"suggest\"; }, { mode = \"off\"; } );");
	ck_assert_uint_eq(reading_settings(0).mode, MODE_TIGHTEN);
	ck_assert_uint_eq(reading.origins[0].mode.line, 4);
	ck_assert_uint_eq(reading_settings(1).mode, MODE_SUGGEST);
	ck_assert_uint_eq(reading_settings(2).mode, MODE_OFF);
	ck_assert_uint_eq(reading_settings(3).mode, MODE_OFF);
	ck_assert_uint_eq(reading.origins[3].mode.line, 2);
}

START_TEST(user_timeout_off_of_a_rule_overrides_defaults)
{
	reading_accepts(
	    "defaults: { user_timeout = \"auto\"; }; rules = ( { user_timeout = \"off\"; } );");
	ck_assert_int_eq(reading_settings(0).value[OPTION_USER_TIMEOUT], VALUE_OFF);
	ck_assert_int_eq(reading_settings(1).value[OPTION_USER_TIMEOUT], VALUE_AUTO);
}

START_TEST(dropins_are_read_before_the_file_in_the_order_of_their_names)
{
	write_dropin("20-b.conf", "rules = ( { program = \"b\"; } );");
	write_dropin("10-a.conf", "rules = ( { program = \"a1\"; }, { program = \"a2\"; } );");
	reading_accepts("rules = ( { program = \"main\"; } );");
	ck_assert_uint_eq(reading_rules(), 4);
	ck_assert_str_eq(program_of(0), "a1");
	ck_assert_str_eq(program_of(1), "a2");
	ck_assert_str_eq(program_of(2), "b");
	ck_assert_str_eq(program_of(3), "main");
}

START_TEST(first_value_wins_across_files)
{
	write_dropin("10.conf", "defaults: { idle = 1; }; log = \"none\";");
	write_dropin("20.conf", "defaults: { idle = 2; interval = 2; }; log = \"stderr\";");
	reading_accepts("defaults: { idle = 3; interval = 3; count = 3; mode = \"suggest\"; };\n"
			"log = \"syslog\";");
	has(0, 1, 2, 3);
	ck_assert_uint_eq(reading_settings(0).mode, MODE_SUGGEST);
	ck_assert_str_eq(reading_policy.strings + reading_policy.log, "none");
	ck_assert_str_eq(reading_file(0, OPTION_IDLE), "10.conf");
	ck_assert_str_eq(reading_file(0, OPTION_INTERVAL), "20.conf");
	ck_assert_str_eq(reading_file(0, OPTION_PROBES), "kashim.conf");
}

START_TEST(first_profile_wins_across_files)
{
	write_dropin("10.conf", "profiles: { office = { idle = 1; }; };");
	reading_accepts("profiles: { office = { idle = 2; count = 2; }; };\n"
			"rules = ( { profile = \"office\"; } );");
	has(0, 1, 10, 6);
	ck_assert_uint_eq(reading_policy.profile_count, 1);
}

START_TEST(first_profile_of_defaults_wins_across_files)
{
	write_dropin("10.conf", "defaults: { profile = \"azure-lb\"; };");
	reading_accepts("defaults: { profile = \"aws-nlb\"; count = 2; };");
	has(0, 96, 24, 2);
	ck_assert_str_eq(profile_of(0), "azure-lb");
}

START_TEST(dropin_alone_is_a_configuration)
{
	write_dropin("10.conf", "defaults: { idle = 1; };");
	ck_assert(reading_again());
	ck_assert(reading.exists);
	has(0, 1, 10, 6);
}

START_TEST(settings_of_rules_come_with_file_and_line)
{
	char *path = scratch_path("kashim.conf");

	write_dropin("10.conf", "\nprofiles: {\n office = {\n interval = 7; }; };\n");
	reading_accepts("defaults: {\n count = 3; };\n"
			"rules = (\n {\n idle = 5;\n profile = \"office\"; },\n"
			" { profile = \"ipvs\"; } );\n");
	ck_assert_uint_eq(reading_policy.rules[0].line, 4);
	ck_assert_str_eq(reading_policy.strings + reading_policy.rules[0].file, path);
	ck_assert_uint_eq(reading_line(0, OPTION_IDLE), 5);
	ck_assert_str_eq(reading_file(0, OPTION_IDLE), "kashim.conf");
	ck_assert_uint_eq(reading_line(0, OPTION_INTERVAL), 4);
	ck_assert_str_eq(reading_file(0, OPTION_INTERVAL), "10.conf");
	ck_assert_uint_eq(reading_line(0, OPTION_PROBES), 2);
	ck_assert_uint_eq(reading.origins[0].mode.line, 0);
	/* The values of a built-in profile stand where it is named. */
	ck_assert_uint_eq(reading_line(1, OPTION_IDLE), 7);
	ck_assert_uint_eq(reading_line(1, OPTION_PROBES), 7);
	ck_assert_uint_eq(reading_policy.rules[2].line, 1);
	free(path);
}

START_TEST(log_is_a_word_or_a_path)
{
	static const char *const good[] = { "stderr", "syslog", "none", "/var/log/kashim.log" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		reading_accepts(scratch_text("log = \"%s\";", good[i]));
		ck_assert_str_eq(reading_policy.strings + reading_policy.log, good[i]);
	}
	reading_refuses("log = \"sislog\";", 1, 7, 8,
	    "log: \"sislog\" is not allowed, did you mean \"syslog\"?");
	reading_refuses("log = \"k.log\";", 1, 7, 7,
	    "log: \"k.log\" is not allowed, allowed are \"stderr\", \"syslog\", \"none\", \"/path/of/a/file\"");
	reading_refuses(
	    "log = ( );", 1, 7, 1, "log: this is a list ( ), allowed is a word in quotes");
	reading_refuses("log = true;", 1, 7, 4,
	    "log: \"true\" is not allowed, allowed are \"stderr\", \"syslog\", \"none\", \"/path/of/a/file\"");
}

START_TEST(unknown_profile_is_refused_with_what_may_be_meant)
{
	reading_refuses("rules = ( { profile = \"aws-nbl\"; } );", 1, 23, 9,
	    "profile: there is no profile \"aws-nbl\", did you mean \"aws-nlb\"?");
	reading_refuses("profiles: { office = { }; }; defaults: { profile = \"ofice\"; };", 1, 52,
	    7, "profile: there is no profile \"ofice\", did you mean \"office\"?");
	reading_refuses("defaults: { profile = \"nothing-like-it\"; };", 1, 23, 17,
	    "profile: there is no profile \"nothing-like-it\", 'kashim profiles' lists those built in");
}

START_TEST(unknown_profile_of_defaults_is_refused_in_every_file)
{
	write_dropin("10.conf", "defaults: { profile = \"ipvs\"; };");
	reading_refuses("defaults: { profile = \"nosuch\"; };", 1, 23, 8,
	    "profile: there is no profile \"nosuch\", 'kashim profiles' lists those built in");
}

START_TEST(what_stands_at_the_top_is_known)
{
	reading_refuses("rulez = ( );", 1, 1, 5, "rulez: no such setting, did you mean \"rules\"?");
	reading_refuses(
	    "default: { };", 1, 1, 7, "default: no such setting, did you mean \"defaults\"?");
	reading_refuses(
	    "keepalives = 1;", 1, 1, 10, "keepalives: no such setting, kashim.conf(5) lists them");
	reading_refuses("idle = 60;", 1, 1, 4,
	    "idle: stands outside of a group, write it into defaults: { ... };");
	reading_refuses("mode = \"off\";", 1, 1, 4,
	    "mode: stands outside of a group, write it into defaults: { ... };");
}

START_TEST(what_stands_at_the_top_has_its_type)
{
	reading_refuses("rules = { };", 1, 9, 1,
	    "rules: this is a group { }, allowed is a list of groups, ( { ... }, { ... } )");
	reading_refuses("rules = [ ];", 1, 9, 1,
	    "rules: this is an array [ ], allowed is a list of groups, ( { ... }, { ... } )");
	reading_refuses("rules = ( 7 );", 1, 11, 1,
	    "rules: this is a number, allowed is a group, { name = value; ... }");
	reading_refuses("defaults = ( );", 1, 12, 1,
	    "defaults: this is a list ( ), allowed is a group, { name = value; ... }");
	reading_refuses("profiles = 7;", 1, 12, 1,
	    "profiles: this is a number, allowed is a group, { name = value; ... }");
	reading_refuses("profiles: { office = \"x\"; };", 1, 22, 3,
	    "office: this is a string, allowed is a group, { name = value; ... }");
}

START_TEST(all_errors_of_a_file_are_reported_in_the_order_of_its_lines)
{
	static const struct {
		unsigned line, column;
		const char *start;
	} expected[] = {
		{ 1, 1, "lgo: no such setting, did you mean \"log\"?" },
		{ 2, 10, "rules: this is a number" },
		{ 3, 5, "interva1: no such setting" },
		{ 3, 37, "idle: 0 is not within" },
		{ 4, 15, "profile: there is no profile" },
		{ 5, 5, "mode: \"on\" is not allowed" },
		{ 6, 14, "remote: \"10.0.0.1/8\" has bits" },
		{ 7, 12, "user: there is no user" },
		{ 8, 13, "count: " },
		{ 10, 12, "idle: " },
		{ 11, 22, "office: this is a number" },
	};

	scratch_write("kashim.conf", "lgo = \"x\";\n"
				     "rules = (7,\n"
				     "  { interva1 = 1; /*      */ idle = 0;\n"
				     "    profile = \"x-y-z\"; },\n"
				     "  { mode = \"on\";\n"
				     "    remote = \"10.0.0.1/8\";\n"
				     "    user = \"nosuchuser\";\n"
				     "    count = 128; });\n"
				     "defaults: {\n"
				     "    idle = \"24h\"; };\n"
				     "profiles: { office = 1; };\n");
	ck_assert(!reading_again());
	for (size_t i = 0; i < reading.diagnostics.count; i++) {
		const struct diagnostic *diagnostic = &reading.diagnostics.entries[i];

		ck_assert_uint_lt(i, sizeof(expected) / sizeof(expected[0]));
		ck_assert_msg(
		    strncmp(diagnostic->message, expected[i].start, strlen(expected[i].start)) == 0,
		    "%s", diagnostic->message);
		ck_assert_msg(diagnostic->line == expected[i].line, "%s: line %u",
		    diagnostic->message, diagnostic->line);
		if (i == 5)
			continue;
		ck_assert_msg(diagnostic->column == expected[i].column, "%s: column %u",
		    diagnostic->message, diagnostic->column);
	}
	ck_assert_uint_eq(reading.diagnostics.count, sizeof(expected) / sizeof(expected[0]));
}

START_TEST(errors_of_all_files_are_reported_in_the_order_of_the_files)
{
	static const char *const expected[] = { "kashim.conf.d/10.conf", "kashim.conf.d/20.conf",
		"kashim.conf.d/20.conf", "kashim.conf.d/30.conf", "kashim.conf" };

	write_dropin("30.conf", "a = ");
	write_dropin("20.conf", "idle = 1;\nrules = ( { idle = 0; } );");
	write_dropin("10.conf", "rules = ( { profile = \"x-y-z\"; } );");
	scratch_write("kashim.conf", "rules = ( { mode = 1; } );");
	ck_assert(!reading_again());
	ck_assert_uint_eq(reading.diagnostics.count, 5);
	for (size_t i = 0; i < 5; i++)
		ck_assert_str_eq(reading.diagnostics.entries[i].file, expected[i]);
}

START_TEST(diagnostic_of_an_unreadable_dropin_does_not_hide_the_others)
{
	mkdir("kashim.conf.d", 0755);
	ck_assert_int_eq(mkfifo("kashim.conf.d/10.conf", 0644), 0);
	scratch_write("kashim.conf", "defaults: { idle = 0; };");
	ck_assert(!reading_again());
	ck_assert_uint_eq(reading.diagnostics.count, 2);
	ck_assert_str_eq(reading.diagnostics.entries[0].message, "is not a regular file");
	ck_assert_uint_eq(reading.diagnostics.entries[1].line, 1);
}

START_TEST(carriage_returns_and_a_byte_order_mark_are_taken)
{
	reading_accepts("\xef\xbb\xbf# from elsewhere\r\ndefaults: {\r\n\tidle = 5;\r\n};\r\n");
	has(0, 5, 10, 6);
	ck_assert_uint_eq(reading_line(0, OPTION_IDLE), 3);
	reading_refuses("\r\ndefaults: {\r\n idle = 0;\r\n};\r\n", 3, 9, 1,
	    "idle: 0 is not within 1..32767 seconds");
}

START_TEST(nothing_is_taken_from_a_file_with_an_error)
{
	scratch_write("kashim.conf", "defaults: { idle = 5; ");
	ck_assert(!reading_again());
	has(0, 60, 10, 6);
}

START_TEST(sources_are_recorded_with_their_state)
{
	struct stat file;
	char *path = scratch_path("kashim.conf");
	const struct source *source;

	write_dropin("10.conf", "");
	reading_accepts("defaults: { };");
	ck_assert_int_eq(stat("kashim.conf", &file), 0);
	ck_assert_uint_eq(reading_policy.source_count, 3);
	source = &reading_policy.sources[0];
	ck_assert_str_eq(reading_policy.strings + source->path, path);
	ck_assert_uint_eq(source->kind, SOURCE_FILE);
	ck_assert_uint_eq((uint64_t)source->inode[1] << 32 | source->inode[0], file.st_ino);
	ck_assert_uint_eq(source->size[0], 14);
	ck_assert_uint_eq(
	    (uint64_t)source->mtime[1] << 32 | source->mtime[0], (uint64_t)file.st_mtim.tv_sec);
	ck_assert_uint_eq(source->mtime_nsec, (uint32_t)file.st_mtim.tv_nsec);
	ck_assert_uint_eq(reading_policy.sources[1].kind, SOURCE_DIRECTORY);
	ck_assert_uint_eq(reading_policy.sources[2].kind, SOURCE_FILE);
	free(path);
}

START_TEST(absent_files_are_recorded_as_absent)
{
	ck_assert(reading_again());
	ck_assert_uint_eq(reading_policy.source_count, 2);
	ck_assert_uint_eq(reading_policy.sources[0].kind, SOURCE_ABSENT);
	ck_assert_uint_eq(reading_policy.sources[1].kind, SOURCE_ABSENT);
	ck_assert_uint_eq(reading_policy.sources[0].inode[0], 0);
}

START_TEST(ten_thousand_rules_are_read)
{
	size_t count = 10000;
	char *text = malloc(100 * count);
	char *at = text;

	ck_assert_ptr_nonnull(text);
	at = stpcpy(at, "rules = (");
	for (size_t i = 0; i < count; i++) {
		at = stpcpy(at, i == 0 ? "\n" : ",\n");
		at = stpcpy(at, i % 2 == 0 ? "{ program = \"a\"; idle = 5; }"
					   : "{ user = 7; profile = \"ipvs\"; }");
	}
	stpcpy(at, ");");
	reading_accepts(text);
	ck_assert_uint_eq(reading_rules(), count);
	ck_assert_uint_eq(reading_policy.rules[9999].line, 10001);
	ck_assert_uint_eq(reading_line(9999, OPTION_IDLE), 10001);
	free(text);
}

static void
write_rules(size_t count)
{
	char *text = malloc(count * 3 + 20);
	char *at;

	ck_assert_ptr_nonnull(text);
	at = stpcpy(text, "rules = ({}");
	while (--count != 0)
		at = stpcpy(at, ",{}");
	stpcpy(at, ");");
	scratch_write("kashim.conf", text);
	free(text);
}

START_TEST(rules_have_a_limit_that_can_be_reached)
{
	write_rules(POLICY_RULES_MOST - 1);
	ck_assert(reading_again());
	ck_assert_uint_eq(reading_rules(), POLICY_RULES_MOST - 1);
	write_rules(POLICY_RULES_MOST);
	ck_assert(!reading_again());
	ck_assert_uint_eq(reading.diagnostics.count, 1);
	ck_assert_str_eq(reading.diagnostics.entries[0].message,
	    "rules: there are too many rules, a policy has at most 65,534");
}

static TCase *
merge_claims(void)
{
	TCase *claims = tcase_create("merge");

	tcase_add_checked_fixture(claims, reading_begin, reading_end);
	tcase_add_test(claims, no_configuration_is_the_builtin_policy);
	tcase_add_test(claims, empty_configuration_is_the_builtin_policy);
	tcase_add_test(claims, last_rule_is_defaults);
	tcase_add_test(claims, rule_takes_the_rest_from_defaults_wherever_they_stand);
	tcase_add_test(claims, value_of_a_rule_comes_before_that_of_its_profile);
	tcase_add_test(claims, profile_of_a_rule_comes_before_defaults);
	tcase_add_test(claims, profile_may_stand_below_the_rule_that_names_it);
	tcase_add_test(claims, profile_of_defaults_comes_after_defaults);
	tcase_add_test(claims, profile_of_defaults_comes_after_the_profile_of_a_rule);
	tcase_add_test(claims, path_timeout_of_a_rule_comes_before_its_profile);
	tcase_add_test(claims, values_of_a_rule_come_before_path_timeout_of_defaults);
	tcase_add_test(claims, nothing_leaks_from_rule_to_rule);
	tcase_add_test(claims, rule_without_mode_has_that_of_defaults);
	tcase_add_test(claims, rule_without_mode_under_defaults_off_is_tighten);
	tcase_add_test(claims, user_timeout_off_of_a_rule_overrides_defaults);
	tcase_add_test(claims, dropins_are_read_before_the_file_in_the_order_of_their_names);
	tcase_add_test(claims, first_value_wins_across_files);
	tcase_add_test(claims, first_profile_wins_across_files);
	tcase_add_test(claims, first_profile_of_defaults_wins_across_files);
	tcase_add_test(claims, dropin_alone_is_a_configuration);
	tcase_add_test(claims, settings_of_rules_come_with_file_and_line);
	tcase_add_test(claims, sources_are_recorded_with_their_state);
	tcase_add_test(claims, absent_files_are_recorded_as_absent);
	tcase_add_test(claims, ten_thousand_rules_are_read);
	tcase_add_test(claims, rules_have_a_limit_that_can_be_reached);
	return claims;
}

static TCase *
diagnostic_claims(void)
{
	TCase *claims = tcase_create("diagnostics");

	tcase_add_checked_fixture(claims, reading_begin, reading_end);
	tcase_add_test(claims, log_is_a_word_or_a_path);
	tcase_add_test(claims, unknown_profile_is_refused_with_what_may_be_meant);
	tcase_add_test(claims, unknown_profile_of_defaults_is_refused_in_every_file);
	tcase_add_test(claims, what_stands_at_the_top_is_known);
	tcase_add_test(claims, what_stands_at_the_top_has_its_type);
	tcase_add_test(claims, all_errors_of_a_file_are_reported_in_the_order_of_its_lines);
	tcase_add_test(claims, errors_of_all_files_are_reported_in_the_order_of_the_files);
	tcase_add_test(claims, diagnostic_of_an_unreadable_dropin_does_not_hide_the_others);
	tcase_add_test(claims, carriage_returns_and_a_byte_order_mark_are_taken);
	tcase_add_test(claims, nothing_is_taken_from_a_file_with_an_error);
	return claims;
}

Suite *
configuration_suite(void)
{
	Suite *suite = suite_create("configuration");

	suite_add_tcase(suite, merge_claims());
	suite_add_tcase(suite, diagnostic_claims());
	return suite;
}
