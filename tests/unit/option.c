/* SPDX-License-Identifier: MIT */
#include "option.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "suites.h"

static char message[300];

static bool
reads(enum option_id option, const char *value, int32_t *result)
{
	struct text error = text_in(message, sizeof(message));

	*result = VALUE_UNSET;
	return option_read(&option_table[option], value, strlen(value), result, &error);
}

static void
accepts(enum option_id option, const char *value, int32_t expected)
{
	int32_t result;

	ck_assert_msg(reads(option, value, &result), "%s \"%s\": %s", option_table[option].key,
	    value, message);
	ck_assert_msg(result == expected, "%s \"%s\": %d, not %d", option_table[option].key, value,
	    result, expected);
	ck_assert_str_eq(message, "");
}

static void
refuses(enum option_id option, const char *value, const char *expected)
{
	int32_t result;

	ck_assert_msg(!reads(option, value, &result), "%s \"%s\" is not refused",
	    option_table[option].key, value);
	ck_assert_msg(
	    result == VALUE_UNSET, "%s \"%s\" leaves a value", option_table[option].key, value);
	ck_assert_str_eq(message, expected);
}

static void
refuses_somehow(enum option_id option, const char *value)
{
	int32_t result;

	ck_assert_msg(!reads(option, value, &result), "%s \"%s\" is not refused",
	    option_table[option].key, value);
	ck_assert_str_ne(message, "");
}

static const char *
decimal(int64_t number)
{
	static char buffer[24];
	struct text text = text_in(buffer, sizeof(buffer));

	text_put_number(&text, number);
	return buffer;
}

START_TEST(every_key_takes_its_range_and_nothing_beyond)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];

		if (row->unit == UNIT_SWITCH)
			continue;
		accepts(option, decimal(row->min), row->min);
		accepts(option, decimal(row->max), row->max);
		refuses_somehow(option, decimal((int64_t)row->min - 1));
		refuses_somehow(option, decimal((int64_t)row->max + 1));
		refuses_somehow(option, decimal(INT64_MAX));
		refuses_somehow(option, decimal(INT64_MIN));
		refuses_somehow(option, decimal(INT64_C(1) << 32 | row->min));
	}
}

START_TEST(ranges_are_those_of_the_manual)
{
	static const struct {
		const char *key;
		int32_t min, max;
		enum unit unit;
		bool words, listener;
	} expected[] = {
		{ "idle", 1, 32767, UNIT_SECONDS },
		{ "interval", 1, 32767, UNIT_SECONDS },
		{ "count", 1, 127, UNIT_NONE },
		{ "keepalive", 0, 1, UNIT_SWITCH },
		{ "path_timeout", 4, 86400, UNIT_SECONDS },
		{ "user_timeout", 1, INT32_MAX, UNIT_MILLISECONDS, true },
		{ "retransmit_max", 1000, 120000, UNIT_MILLISECONDS, true },
		{ "syn_count", 1, 127, UNIT_NONE },
		{ "defer_accept", 1, 32767, UNIT_SECONDS, false, true },
		{ "max_segment", 88, 32767, UNIT_BYTES },
		{ "window_clamp", 1, 1073725440, UNIT_BYTES },
	};
	size_t count = sizeof(expected) / sizeof(expected[0]);

	ck_assert_uint_eq(count, OPTION_COUNT);
	for (size_t i = 0; i < count; i++) {
		enum option_id option = option_named(expected[i].key, strlen(expected[i].key));
		const struct option_row *row = &option_table[option];

		ck_assert_msg(option != OPTION_COUNT, "%s", expected[i].key);
		ck_assert_msg(row->min == expected[i].min && row->max == expected[i].max, "%s",
		    expected[i].key);
		ck_assert_msg(row->unit == expected[i].unit, "%s", expected[i].key);
		ck_assert_msg(row->words == expected[i].words, "%s", expected[i].key);
		ck_assert_msg(row->listener == expected[i].listener, "%s", expected[i].key);
	}
}

static int
set(const struct option_row *row, int value)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int status;

	ck_assert_int_ne(fd, -1);
	status = setsockopt(fd, row->level, row->name, &value, sizeof(value));
	close(fd);
	return status;
}

START_TEST(kernel_takes_both_ends_of_every_range)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];

		if (row->name == 0)
			continue;
		if (set(row, row->min) == -1 && errno == ENOPROTOOPT &&
		    option == OPTION_RETRANSMIT_MAX)
			continue; /* before Linux 6.15 */
		ck_assert_msg(
		    set(row, row->min) == 0, "%s = %d: %s", row->key, row->min, strerror(errno));
		ck_assert_msg(
		    set(row, row->max) == 0, "%s = %d: %s", row->key, row->max, strerror(errno));
	}
}

START_TEST(kernel_takes_zero_where_the_table_says_so_and_nowhere_else)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];

		if (row->name != 0)
			ck_assert_msg((set(row, 0) == 0) == row->zero, "%s", row->key);
	}
}

START_TEST(kernel_refuses_what_the_table_refuses_of_keepalive)
{
	static const enum option_id options[] = { OPTION_IDLE, OPTION_INTERVAL, OPTION_PROBES };

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const struct option_row *row = &option_table[options[i]];

		ck_assert_msg(set(row, row->min - 1) == -1, "%s", row->key);
		ck_assert_msg(set(row, row->max + 1) == -1, "%s", row->key);
	}
}

START_TEST(keepalive_is_switched_on_after_its_timings)
{
	ck_assert_int_lt(OPTION_IDLE, OPTION_KEEPALIVE);
	ck_assert_int_lt(OPTION_INTERVAL, OPTION_KEEPALIVE);
	ck_assert_int_lt(OPTION_PROBES, OPTION_KEEPALIVE);
	ck_assert_int_eq(option_table[OPTION_KEEPALIVE].name, SO_KEEPALIVE);
	ck_assert_int_eq(option_table[OPTION_IDLE].name, TCP_KEEPIDLE);
	ck_assert_int_eq(option_table[OPTION_INTERVAL].name, TCP_KEEPINTVL);
	ck_assert_int_eq(option_table[OPTION_PROBES].name, TCP_KEEPCNT);
}

START_TEST(option_is_found_by_its_whole_key_alone)
{
	ck_assert_int_eq(option_named("idle", 4), OPTION_IDLE);
	ck_assert_int_eq(option_named("count", 5), OPTION_PROBES);
	ck_assert_int_eq(option_named("idle=30", 4), OPTION_IDLE);
	ck_assert_int_eq(option_named("idle=30", 5), OPTION_COUNT);
	ck_assert_int_eq(option_named("idle", 3), OPTION_COUNT);
	ck_assert_int_eq(option_named("", 0), OPTION_COUNT);
	ck_assert_int_eq(option_named("Idle", 4), OPTION_COUNT);
	ck_assert_int_eq(option_named("keepalive", 9), OPTION_KEEPALIVE);
	ck_assert_int_eq(option_named("keepalives", 10), OPTION_COUNT);
}

START_TEST(durations_are_read_in_every_unit)
{
	accepts(OPTION_IDLE, "60", 60);
	accepts(OPTION_IDLE, "060", 60);
	accepts(OPTION_IDLE, "90s", 90);
	accepts(OPTION_IDLE, "5m", 300);
	accepts(OPTION_IDLE, "1h", 3600);
	accepts(OPTION_IDLE, "1h30m", 5400);
	accepts(OPTION_IDLE, "1h1s", 3601);
	accepts(OPTION_IDLE, "2m20s", 140);
	accepts(OPTION_IDLE, "0h1m1s", 61);
	accepts(OPTION_IDLE, "90m", 5400);
	accepts(OPTION_USER_TIMEOUT, "250", 250);
	accepts(OPTION_USER_TIMEOUT, "500ms", 500);
	accepts(OPTION_USER_TIMEOUT, "1s500ms", 1500);
	accepts(OPTION_USER_TIMEOUT, "90s", 90000);
	accepts(OPTION_USER_TIMEOUT, "1h30m", 5400000);
	accepts(OPTION_USER_TIMEOUT, "596h31m23s647ms", INT32_MAX);
	accepts(OPTION_PATH_TIMEOUT, "24h", 86400);
	accepts(OPTION_DEFER_ACCEPT, "10s", 10);
}

START_TEST(words_are_allowed_where_the_row_says_so)
{
	accepts(OPTION_USER_TIMEOUT, "auto", VALUE_AUTO);
	accepts(OPTION_USER_TIMEOUT, "off", VALUE_OFF);
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		if (option_table[option].words)
			continue;
		refuses_somehow(option, "auto");
		refuses_somehow(option, "off");
	}
	refuses_somehow(OPTION_USER_TIMEOUT, "Auto");
	refuses_somehow(OPTION_USER_TIMEOUT, "offf");
	refuses_somehow(OPTION_USER_TIMEOUT, "of");
}

START_TEST(sentinels_cannot_be_written_as_numbers)
{
	refuses_somehow(OPTION_USER_TIMEOUT, "-1");
	refuses_somehow(OPTION_USER_TIMEOUT, "-2");
	refuses_somehow(OPTION_USER_TIMEOUT, "-3");
}

START_TEST(junk_is_not_understood)
{
	static const char *const junk[] = { "", " ", "s", "60 s", " 60", "60 ", "1.5", "1e3",
		"0x20", "1h30", "30m1h", "1m1m", "1s1m", "1S", "1H", "1d", "1hm", "h1", "+60",
		"--60", "-", "-5s", "60s-5", "60s ", "1,5", "six", "60ss", "\xd9\xa3" };

	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
			refuses_somehow(option, junk[i]);
			ck_assert_msg(strstr(message, "\" is not understood, allowed is ") != NULL,
			    "%s", message);
		}
}

START_TEST(switches_are_true_or_false)
{
	static const char *const junk[] = { "1", "0", "yes", "on", "off", "True", "truefalse" };

	accepts(OPTION_KEEPALIVE, "true", 1);
	accepts(OPTION_KEEPALIVE, "false", 0);
	for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
		refuses_somehow(OPTION_KEEPALIVE, junk[i]);
}

/* What `tighten` makes of each row, of the program's value and the policy's. */
START_TEST(smaller_value_holds_and_zero_is_no_limit)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];

		if (row->name == 0 || option == OPTION_KEEPALIVE)
			continue;
		ck_assert_int_eq(option_tighten(option, row->min, row->max), row->min);
		ck_assert_int_eq(option_tighten(option, row->max, row->min), row->min);
		ck_assert_int_eq(option_tighten(option, row->max, row->max), row->max);
		if (row->zero)
			ck_assert_int_eq(option_tighten(option, 0, row->min), row->min);
	}
	ck_assert_int_eq(option_tighten(OPTION_KEEPALIVE, 0, 1), 1);
	ck_assert_int_eq(option_tighten(OPTION_KEEPALIVE, 1, 0), 0);
}

START_TEST(durations_are_for_times_alone)
{
	refuses_somehow(OPTION_PROBES, "6s");
	refuses_somehow(OPTION_SYN_COUNT, "1m");
	refuses_somehow(OPTION_MAX_SEGMENT, "1360s");
	refuses_somehow(OPTION_WINDOW_CLAMP, "1h");
}

START_TEST(milliseconds_are_too_fine_where_the_kernel_has_seconds)
{
	refuses(OPTION_IDLE, "500ms", "500ms is too fine, idle is in whole seconds");
	refuses(OPTION_INTERVAL, "1s500ms", "1s500ms is too fine, interval is in whole seconds");
	refuses(
	    OPTION_PATH_TIMEOUT, "5000ms", "5000ms is too fine, path_timeout is in whole seconds");
}

START_TEST(errors_say_what_is_allowed)
{
	refuses(OPTION_IDLE, "0", "0 is not within 1..32767 seconds");
	refuses(OPTION_IDLE, "-5", "-5 is not within 1..32767 seconds");
	refuses(OPTION_IDLE, "24h", "24h is not within 1..32767 seconds");
	refuses(OPTION_PROBES, "128", "128 is not within 1..127");
	refuses(OPTION_MAX_SEGMENT, "87", "87 is not within 88..32767 bytes");
	refuses(OPTION_PROBES, "six", "\"six\" is not understood, allowed is 1..127");
	refuses(OPTION_IDLE, "1 h",
	    "\"1 h\" is not understood, allowed is 1..32767 seconds, or a duration like \"90s\" or \"1h30m\"");
	refuses(OPTION_USER_TIMEOUT, "soon",
	    "\"soon\" is not understood, allowed is 1..2147483647 milliseconds, or a duration like \"90s\" or \"500ms\", \"auto\" or \"off\"");
}

START_TEST(huge_numbers_neither_wrap_nor_overflow)
{
	refuses(OPTION_IDLE, "4294967356", "4294967356 is not within 1..32767 seconds");
	refuses(OPTION_IDLE, "18446744073709551676",
	    "18446744073709551676 is not within 1..32767 seconds");
	refuses_somehow(OPTION_IDLE, "1099511627776h1099511627776m1099511627776s");
	refuses_somehow(OPTION_IDLE, "1099511627776h");
	refuses_somehow(OPTION_IDLE, "1099511627777s");
	refuses_somehow(
	    OPTION_USER_TIMEOUT, "1099511627776h1099511627776m1099511627776s1099511627776ms");
	refuses_somehow(OPTION_USER_TIMEOUT, "2147483648");
	refuses_somehow(OPTION_USER_TIMEOUT, "597h");
	refuses(OPTION_IDLE, "99999999999999999999999999999999999999999999999999",
	    "9999999999999999999999999999999999999999 is not within 1..32767 seconds");
}

START_TEST(value_ends_where_its_size_says)
{
	struct text error = text_in(message, sizeof(message));
	int32_t result;

	ck_assert(option_read(&option_table[OPTION_IDLE], "30,interval=5", 2, &result, &error));
	ck_assert_int_eq(result, 30);
	ck_assert(option_read(&option_table[OPTION_IDLE], "30m", 2, &result, &error));
	ck_assert_int_eq(result, 30);
	ck_assert(!option_read(&option_table[OPTION_IDLE], "30", 0, &result, &error));
}

START_TEST(values_are_shown_with_their_units)
{
	static const struct {
		enum option_id option;
		int32_t value;
		const char *expected;
	} cases[] = {
		{ OPTION_IDLE, 60, "60 s" },
		{ OPTION_PROBES, 6, "6" },
		{ OPTION_USER_TIMEOUT, 290000, "290000 ms" },
		{ OPTION_USER_TIMEOUT, VALUE_AUTO, "auto" },
		{ OPTION_USER_TIMEOUT, VALUE_OFF, "off" },
		{ OPTION_MAX_SEGMENT, 1360, "1360 bytes" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct text text = text_in(message, sizeof(message));

		option_put(&text, cases[i].option, cases[i].value);
		ck_assert_str_eq(message, cases[i].expected);
	}
}

Suite *
option_suite(void)
{
	Suite *suite = suite_create("option");
	TCase *table = tcase_create("table");
	TCase *values = tcase_create("values");

	tcase_add_test(table, ranges_are_those_of_the_manual);
	tcase_add_test(table, kernel_takes_both_ends_of_every_range);
	tcase_add_test(table, kernel_takes_zero_where_the_table_says_so_and_nowhere_else);
	tcase_add_test(table, kernel_refuses_what_the_table_refuses_of_keepalive);
	tcase_add_test(table, keepalive_is_switched_on_after_its_timings);
	tcase_add_test(table, option_is_found_by_its_whole_key_alone);
	suite_add_tcase(suite, table);
	tcase_add_test(values, every_key_takes_its_range_and_nothing_beyond);
	tcase_add_test(values, durations_are_read_in_every_unit);
	tcase_add_test(values, words_are_allowed_where_the_row_says_so);
	tcase_add_test(values, sentinels_cannot_be_written_as_numbers);
	tcase_add_test(values, junk_is_not_understood);
	tcase_add_test(values, switches_are_true_or_false);
	tcase_add_test(values, smaller_value_holds_and_zero_is_no_limit);
	tcase_add_test(values, durations_are_for_times_alone);
	tcase_add_test(values, milliseconds_are_too_fine_where_the_kernel_has_seconds);
	tcase_add_test(values, errors_say_what_is_allowed);
	tcase_add_test(values, huge_numbers_neither_wrap_nor_overflow);
	tcase_add_test(values, value_ends_where_its_size_says);
	tcase_add_test(values, values_are_shown_with_their_units);
	suite_add_tcase(suite, values);
	return suite;
}
