/* SPDX-License-Identifier: MIT */
#include "explain-rule.h"
#include "explain-settings.h"

#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "retransmit.h"
#include "suites.h"

static char *printed_text;
static size_t printed_size;

static FILE *
open_out(void)
{
	FILE *out = open_memstream(&printed_text, &printed_size);

	ck_assert_ptr_nonnull(out);
	return out;
}

static void
prints(FILE *out, const char *expected)
{
	fclose(out);
	ck_assert_str_eq(printed_text, expected);
	free(printed_text);
}

static void
is_shown(char *text, const char *expected)
{
	ck_assert_str_eq(text, expected);
	free(text);
}

static void
rule_is_shown(uint32_t rule, const char *expected)
{
	is_shown(explain_rule(&reading_policy, &reading_policy.rules[rule]), expected);
}

START_TEST(rules_are_shown_with_all_their_conditions)
{
	reading_accepts("rules = (\n"
			" { program = [\"a\", \"b\"]; argument = \"*.jar\"; user = 33; },\n"
			" { direction = \"accept\"; remote = [\"10.0.0.0/8\", \"!::1\"];\n"
			"   local_port = \"80,8000-8099\"; },\n { } );");
	rule_is_shown(0, "program a,b, argument *.jar, user 33");
	rule_is_shown(1, "direction accept, remote 10.0.0.0/8,!::1, local_port 80,8000-8099");
	rule_is_shown(2, "every program");
	rule_is_shown(3, "defaults");
}

START_TEST(settings_are_shown_in_one_line)
{
	struct settings settings = settings_builtin();
	FILE *out = open_out();

	settings.value[OPTION_USER_TIMEOUT] = VALUE_AUTO;
	settings.value[OPTION_PATH_TIMEOUT] = 350;
	settings_resolve(&settings, RETRANSMIT_RETRIES);
	explain_settings(out, &settings);
	prints(out, "keepalive on, idle 60 s, interval 10 s, count 6, user_timeout 120000 ms");
	settings.mode = MODE_OFF;
	out = open_out();
	explain_settings(out, &settings);
	prints(out, "nothing, sockets are left alone");
}

static void
in_flight_prints(
    int32_t retransmit_max, int32_t user_timeout, struct host_tcp host, const char *expected)
{
	struct settings settings = settings_builtin();
	FILE *out = open_out();

	settings.value[OPTION_RETRANSMIT_MAX] = retransmit_max;
	settings.value[OPTION_USER_TIMEOUT] = user_timeout;
	settings_resolve(&settings, RETRANSMIT_RETRIES);
	explain_in_flight(out, &settings, &host);
	prints(out, expected);
}

START_TEST(time_of_data_in_flight_is_said_and_where_it_comes_from)
{
	static const struct host_tcp host = { RETRANSMIT_RETRIES, true };

	in_flight_prints(VALUE_AUTO, VALUE_UNSET, host,
	    "in flight unanswered data end after about 2m (retransmit_max 10.8 s)\n");
	in_flight_prints(1000, VALUE_UNSET, host,
	    "in flight unanswered data end after about 15s (retransmit_max 1 s)\n");
	in_flight_prints(VALUE_AUTO, VALUE_UNSET, (struct host_tcp){ 8, true },
	    "in flight unanswered data end after about 45s (retransmit_max 10.8 s)\n");
	in_flight_prints(VALUE_OFF, VALUE_UNSET, host,
	    "in flight unanswered data end after about 15m25s (the kernel's own time)\n");
	in_flight_prints(VALUE_AUTO, VALUE_AUTO, host,
	    "in flight unanswered data end after 2m (user_timeout), and so does a live peer that does not read\n");
}

START_TEST(kernel_without_retransmit_max_is_named_with_what_helps_and_its_cost)
{
	in_flight_prints(VALUE_AUTO, VALUE_UNSET, (struct host_tcp){ RETRANSMIT_RETRIES, false },
	    "in flight unanswered data end after about 15m25s (this kernel has no retransmit_max, Linux 6.15 has)\n"
	    "          user_timeout = \"auto\" would end them after 2m, and live connections whose peer does not read for as long\n"
	    "          sysctl net.ipv4.tcp_retries2=9 would end them after about 3m25s, for every program of this host\n");
	in_flight_prints(VALUE_AUTO, 9000, (struct host_tcp){ RETRANSMIT_RETRIES, false },
	    "in flight unanswered data end after 9s (user_timeout), and so does a live peer that does not read\n");
}

static const struct terminal pipe_end = { .columns = SIZE_MAX };

static void
timeline_prints(int32_t idle, int32_t interval, int32_t count, int32_t path, const char *expected)
{
	struct settings settings = settings_builtin();
	FILE *out = open_out();

	settings.value[OPTION_IDLE] = idle;
	settings.value[OPTION_INTERVAL] = interval;
	settings.value[OPTION_PROBES] = count;
	settings.value[OPTION_PATH_TIMEOUT] = path;
	settings_resolve(&settings, RETRANSMIT_RETRIES);
	explain_timeline(out, &settings, &pipe_end);
	prints(out, expected);
}

START_TEST(timeline_says_when_a_dead_peer_is_noticed_and_what_it_costs)
{
	timeline_prints(60, 10, 6, VALUE_UNSET,
	    "          |----------------- idle 1m ------------------|p|p|p|p|p|p|x dead at 2m\n"
	    "traffic   60 probes an hour on a silent connection, about 3.1 kB each way\n");
	timeline_prints(140, 30, 5, 350,
	    "          |---------------- idle 2m20s ----------------|p|p|p|p|p|x dead at 4m50s\n"
	    "path      forgets a silent connection after 5m50s: the first probe comes at 40 % of "
	    "that\n"
	    "traffic   26 probes an hour on a silent connection, about 1.3 kB each way\n");
	timeline_prints(7200, 75, 127, 350,
	    "          |----------------- idle 2h ------------------|p|p|p|.. 123 more ..|p|x dead at 4h38m45s\n"
	    "path      forgets a silent connection after 5m50s: too slow, the first probe comes after 7200 s\n"
	    "traffic   a probe every 2.0 hours on a silent connection\n");
}

START_TEST(timeline_of_the_largest_values_fits)
{
	timeline_prints(32767, 32767, 127, 86400,
	    "          |--------------- idle 9h6m7s ----------------|p|p|p|.. 123 more ..|p|x dead at 1165h2m56s\n"
	    "path      forgets a silent connection after 24h: the first probe comes at 37 % of that\n"
	    "traffic   a probe every 9.1 hours on a silent connection\n");
}

/* The first line of a timeline on a terminal. */
static void
line_prints(size_t columns, bool utf8, const char *expected)
{
	const struct terminal terminal = { .is_terminal = true, .columns = columns, .utf8 = utf8 };
	struct settings settings = settings_builtin();
	FILE *out = open_out();

	settings_resolve(&settings, RETRANSMIT_RETRIES);
	explain_timeline(out, &settings, &terminal);
	fclose(out);
	printed_text[strcspn(printed_text, "\n")] = '\0';
	ck_assert_str_eq(printed_text, expected);
	free(printed_text);
}

START_TEST(timeline_fits_a_narrow_terminal)
{
	line_prints(200, false,
	    "          |----------------- idle 1m ------------------|p|p|p|p|p|p|x dead at 2m");
	line_prints(60, false, "          |------- idle 1m --------|p|p|p|p|p|p|x dead at 2m");
	line_prints(50, false, "          |-- idle 1m ---|p|p|p|p|p|p|x dead at 2m");
	line_prints(10, false, "          |- idle 1m -|p|p|p|p|p|p|x dead at 2m");
}

START_TEST(timeline_is_drawn_where_utf8_is_shown)
{
	line_prints(50, true, "          ├── idle 1m ───┼p┼p┼p┼p┼p┼p┼× dead at 2m");
}

static void
passed_over(uint32_t rule, const struct facts *facts, const char *expected)
{
	is_shown(explain_why_not(&reading_policy, &reading_policy.rules[rule], facts), expected);
}

START_TEST(why_a_rule_does_not_match_is_its_first_condition_that_fails)
{
	static const char arguments[] = "java\0-jar\0shop.jar";
	struct facts facts = {
		.executed = "/usr/bin/java",
		.image = "/usr/bin/java",
		.arguments = arguments,
		.arguments_size = sizeof(arguments),
		.user = 1000,
	};

	reading_accepts("rules = (\n"
			" { program = \"sshd\"; argument = \"x\"; },\n"
			" { program = \"java\"; argument = \"billing.jar\"; user = 1; },\n"
			" { program = \"java\"; user = 33; remote = \"10.0.0.0/8\"; },\n"
			" { direction = \"accept\"; remote_port = 80; },\n"
			" { direction = \"connect\"; remote_port = 80; local = \"::1\"; } );");
	passed_over(0, &facts, "program is /usr/bin/java");
	passed_over(1, &facts, "argument: none of 2 is like that");
	passed_over(2, &facts, "user is 1000");
	passed_over(3, &facts, "waits for a connection, see --connect and --accept");
	facts.direction = DIRECTION_CONNECT;
	facts.remote = (struct endpoint){ true, 443, { 0, 0, 0xffff, 0xc0000201 } };
	passed_over(3, &facts, "direction is connect");
	passed_over(4, &facts, "local is not like that: not known");
	facts.local = (struct endpoint){ true, 7, { 0, 0, 0, 1 } };
	passed_over(4, &facts, "remote_port is not like that: 192.0.2.1:443");
	facts.arguments_size = 5;
	passed_over(1, &facts, "argument: there is none");
}

Suite *
explain_suite(void)
{
	Suite *suite = suite_create("explain");
	TCase *claims = tcase_create("explain");

	tcase_add_checked_fixture(claims, reading_begin, reading_end);
	tcase_add_test(claims, rules_are_shown_with_all_their_conditions);
	tcase_add_test(claims, settings_are_shown_in_one_line);
	tcase_add_test(claims, time_of_data_in_flight_is_said_and_where_it_comes_from);
	tcase_add_test(claims, kernel_without_retransmit_max_is_named_with_what_helps_and_its_cost);
	tcase_add_test(claims, timeline_says_when_a_dead_peer_is_noticed_and_what_it_costs);
	tcase_add_test(claims, timeline_of_the_largest_values_fits);
	tcase_add_test(claims, timeline_fits_a_narrow_terminal);
	tcase_add_test(claims, timeline_is_drawn_where_utf8_is_shown);
	tcase_add_test(claims, why_a_rule_does_not_match_is_its_first_condition_that_fails);
	suite_add_tcase(suite, claims);
	return suite;
}
