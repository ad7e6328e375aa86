/* SPDX-License-Identifier: MIT */
#include "retransmit.h"

#include "option.h"
#include "scratch.h"
#include "suites.h"

enum { LEAST = 1000, MOST = 120000, STEP = 100, ROUNDS = 20000 };

static int32_t
any_longest(void)
{
	return LEAST + STEP * (int32_t)scratch_random((MOST - LEAST) / STEP + 1);
}

static uint32_t
any_retries(void)
{
	return scratch_random(4) == 0 ? scratch_random(RETRANSMIT_RETRIES_MOST + 1)
				      : 3 + scratch_random(18);
}

/*
 * In closed form, as tcp_model_timeout() has it: so many waits double, the others are the longest.
 */
static int64_t
closed_form(int64_t longest, int64_t retries)
{
	int64_t doubling = 0;

	while (RETRANSMIT_FIRST << (doubling + 1) <= longest)
		doubling++;
	if (retries <= doubling)
		return ((INT64_C(2) << retries) - 1) * RETRANSMIT_FIRST;
	return ((INT64_C(2) << doubling) - 1) * RETRANSMIT_FIRST + (retries - doubling) * longest;
}

START_TEST(end_is_where_the_kernel_sees_it)
{
	ck_assert_int_eq(retransmit_ends_after(MOST, 15), 924600);
	ck_assert_int_eq(retransmit_ends_after(MOST, 8), 102200);
	ck_assert_int_eq(retransmit_ends_after(LEAST, 15), 14400);
	ck_assert_int_eq(retransmit_ends_after(LEAST, 0), 200);
	ck_assert_int_eq(retransmit_ends_after(MOST, UINT32_MAX), closed_form(MOST, 255));
	for (int round = 0; round < ROUNDS; round++) {
		int32_t longest = LEAST + (int32_t)scratch_random(MOST - LEAST + 1);
		uint32_t retries = any_retries();

		ck_assert_msg(
		    retransmit_ends_after(longest, retries) == closed_form(longest, retries),
		    "%d ms, %u retries", longest, retries);
	}
}

START_TEST(value_is_the_shortest_that_gives_the_time_that_is_wanted)
{
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t retries = any_retries();
		int32_t most = retransmit_ends_after(MOST, retries);
		int32_t wanted = (int32_t)scratch_random((uint32_t)most + most / 4);
		int32_t value = retransmit_max_for(wanted, retries);

		if (value == VALUE_UNSET) {
			ck_assert_int_gt(wanted, retransmit_ends_after(MOST - STEP, retries));
			continue;
		}
		ck_assert_int_ge(value, LEAST);
		ck_assert_int_lt(value, MOST);
		ck_assert_int_eq(value % STEP, 0);
		ck_assert_int_ge(retransmit_ends_after(value, retries), wanted);
		if (value > LEAST)
			ck_assert_int_lt(retransmit_ends_after(value - STEP, retries), wanted);
	}
}

START_TEST(value_grows_with_the_time_that_is_wanted)
{
	static const uint32_t retries[] = { 0, 1, 5, 8, 15, 16, 30, 255 };

	for (size_t i = 0; i < sizeof(retries) / sizeof(retries[0]); i++) {
		int32_t before = 0;

		for (int64_t wanted = -1000; wanted < 2000000; wanted += 97) {
			int32_t value = retransmit_max_for(wanted, retries[i]);

			if (value == VALUE_UNSET)
				value = MOST;
			ck_assert_int_ge(value, before);
			before = value;
		}
	}
}

START_TEST(times_of_common_policies)
{
	ck_assert_int_eq(retransmit_max_for(0, 15), 1000);
	ck_assert_int_eq(retransmit_max_for(-1, 15), 1000);
	ck_assert_int_eq(retransmit_max_for(14400, 15), 1000);
	ck_assert_int_eq(retransmit_max_for(120000, 15), 10800);
	ck_assert_int_eq(retransmit_max_for(290000, 15), 29900);
	ck_assert_int_eq(retransmit_max_for(120000, 10), 23700);
	ck_assert_int_eq(retransmit_max_for(510000, 15), 58300);
}

START_TEST(what_would_not_be_shorter_is_left_alone)
{
	ck_assert_int_eq(retransmit_max_for(924600, 15), VALUE_UNSET);
	ck_assert_int_eq(retransmit_max_for(924599, 15), VALUE_UNSET);
	ck_assert_int_ne(retransmit_max_for(924000, 15), VALUE_UNSET);
	ck_assert_int_eq(retransmit_max_for(INT64_C(4194241000), 15), VALUE_UNSET);
	ck_assert_int_eq(retransmit_max_for(INT64_MAX, 255), VALUE_UNSET);
	ck_assert_int_eq(retransmit_max_for(120000, 5), VALUE_UNSET);
	ck_assert_int_eq(retransmit_max_for(120000, 8), VALUE_UNSET);
}

/* As the kernel does it on a path whose first retransmission is due after `first`. */
static int64_t
simulated_end(int64_t first, int64_t longest, uint32_t retries)
{
	int64_t limit = closed_form(longest, retries);
	int64_t now = first;

	for (int64_t wait = first; now - first < limit || now == first; now += wait)
		wait = wait * 2 < longest ? wait * 2 : longest;
	return now;
}

START_TEST(data_in_flight_end_about_then_on_every_path)
{
	for (int round = 0; round < ROUNDS; round++) {
		int64_t first = RETRANSMIT_FIRST + (int64_t)scratch_random(2800);
		int32_t longest = any_longest();
		uint32_t retries = any_retries();
		int64_t limit = retransmit_ends_after(longest, retries);
		int64_t end = simulated_end(first < longest ? first : longest, longest, retries);

		ck_assert_int_ge(end, limit);
		ck_assert_int_le(end, limit + first + longest);
	}
}

Suite *
retransmit_suite(void)
{
	Suite *suite = suite_create("retransmit");
	TCase *claims = tcase_create("retransmit");

	tcase_add_test(claims, end_is_where_the_kernel_sees_it);
	tcase_add_test(claims, value_is_the_shortest_that_gives_the_time_that_is_wanted);
	tcase_add_test(claims, value_grows_with_the_time_that_is_wanted);
	tcase_add_test(claims, times_of_common_policies);
	tcase_add_test(claims, what_would_not_be_shorter_is_left_alone);
	tcase_add_test(claims, data_in_flight_end_about_then_on_every_path);
	suite_add_tcase(suite, claims);
	return suite;
}
