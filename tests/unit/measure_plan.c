/* SPDX-License-Identifier: MIT */
#include "measure-plan.h"

#include "suites.h"

static const struct bounds usual = { .shortest = 15000, .longest = 3600000 };

/* What a path that forgets after `memory` shows in a round of these silences. */
static void
see(struct bounds *bounds, const int64_t *silences, size_t count, int64_t memory)
{
	for (size_t i = 0; i < count; i++) {
		if (silences[i] < memory) {
			bounds->remembered = silences[i];
			continue;
		}
		bounds->forgotten = silences[i];
		return;
	}
}

START_TEST(first_round_grows_from_the_shortest_to_the_longest)
{
	int64_t silences[PLAN_SILENCES];
	size_t count = plan_round(&usual, silences);

	ck_assert_uint_eq(count, PLAN_SILENCES);
	ck_assert_int_eq(silences[0], 15000);
	ck_assert_int_eq(silences[count - 1], 3600000);
	for (size_t i = 1; i < count; i++) {
		double factor = (double)silences[i] / (double)silences[i - 1];

		ck_assert(factor > 1.45 && factor < 1.6);
	}
}

START_TEST(sixteen_connections_are_never_exceeded)
{
	static const int64_t spans[][2] = { { 1000, 2000 }, { 1000, PLAN_HIGHEST },
		{ 15000, 16000 }, { 600000, 3600000 } };

	ck_assert_int_eq(PLAN_SILENCES + 2, PLAN_CONNECTIONS);
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		struct bounds bounds = { .shortest = spans[i][0], .longest = spans[i][1] };
		int64_t silences[PLAN_SILENCES];
		size_t count = plan_round(&bounds, silences);

		ck_assert_uint_ge(count, 2);
		ck_assert_uint_le(count, PLAN_SILENCES);
		for (size_t j = 1; j < count; j++)
			ck_assert_int_gt(silences[j], silences[j - 1]);
	}
}

START_TEST(no_more_connections_are_opened_than_needed)
{
	struct bounds bounds = { .remembered = 343000, .forgotten = 508000, .longest = 3600000 };
	int64_t silences[PLAN_SILENCES];

	/* 343 s times 1.05, nine times, is 508 s and more. */
	ck_assert_uint_eq(plan_round(&bounds, silences), 9);
}

START_TEST(every_memory_is_found_within_the_tolerance_in_two_rounds)
{
	for (int64_t memory = 1200; memory < 3600000; memory += memory / 7) {
		struct bounds bounds = usual;
		int64_t silences[PLAN_SILENCES];
		int rounds = 0;
		size_t count;

		while ((count = plan_round(&bounds, silences)) != 0) {
			see(&bounds, silences, count, memory);
			ck_assert_int_le(++rounds, 3);
		}
		ck_assert_int_lt(bounds.remembered, memory);
		ck_assert_int_ge(bounds.forgotten, memory);
		ck_assert_int_le(
		    bounds.forgotten - bounds.remembered, plan_tolerance(bounds.remembered));
		/* What is shorter than the shortest takes one more. */
		ck_assert(memory < 15000 || rounds <= 2);
	}
}

START_TEST(tolerance_is_five_percent_or_two_seconds)
{
	ck_assert_int_eq(plan_tolerance(3600000), 180000);
	ck_assert_int_eq(plan_tolerance(40000), 2000);
	ck_assert_int_eq(plan_tolerance(20000), 2000);
	ck_assert_int_eq(plan_tolerance(5000), 1000);
}

START_TEST(what_was_forgotten_is_tried_again_as_the_last)
{
	struct bounds bounds = { .remembered = 22000, .forgotten = 33000, .longest = 3600000 };
	int64_t silences[PLAN_SILENCES];
	size_t count = plan_round(&bounds, silences);

	ck_assert_uint_gt(count, 1);
	ck_assert_int_eq(silences[count - 1], 33000);
}

START_TEST(doubt_is_a_round_of_one)
{
	struct bounds bounds = { .remembered = 22000, .forgotten = 23000, .longest = 3600000 };
	int64_t silences[PLAN_SILENCES];

	ck_assert_uint_eq(plan_round(&bounds, silences), 0);
	bounds.is_doubtful = true;
	ck_assert_uint_eq(plan_round(&bounds, silences), 1);
	ck_assert_int_eq(silences[0], 23000);
}

START_TEST(nothing_is_tried_beyond_the_limit_of_the_server)
{
	struct bounds bounds = {
		.shortest = 15000, .longest = 3600000, .limit = 120000, .remembered = 72000
	};
	int64_t silences[PLAN_SILENCES];
	size_t count = plan_round(&bounds, silences);

	ck_assert_uint_gt(count, 0);
	ck_assert_int_lt(silences[count - 1], 120000);
	bounds.remembered = silences[count - 1];
	ck_assert_uint_eq(plan_round(&bounds, silences), 0);
	/* Where even the shortest was too long. */
	bounds = (struct bounds){ .shortest = 15000, .longest = 3600000, .limit = 6000 };
	count = plan_round(&bounds, silences);
	ck_assert_int_eq(silences[0], PLAN_LOWEST);
	ck_assert_int_eq(silences[count - 1], 4700);
	bounds.limit = 800;
	ck_assert_uint_eq(plan_round(&bounds, silences), 0);
}

START_TEST(a_path_without_memory_ends_the_search)
{
	struct bounds bounds = usual;
	int64_t silences[PLAN_SILENCES];
	int rounds = 0;

	while (plan_round(&bounds, silences) != 0) {
		/* It takes a few milliseconds more. */
		bounds.forgotten = silences[0] + 7;
		ck_assert_int_le(++rounds, 3);
	}
	ck_assert_int_eq(bounds.remembered, 0);
}

START_TEST(it_takes_two_to_three_times_the_longest)
{
	struct bounds bounds = usual;

	ck_assert_int_gt(plan_at_most(&bounds), 2 * bounds.longest);
	ck_assert_int_lt(plan_at_most(&bounds), 3 * bounds.longest);
	bounds.forgotten = 500000;
	ck_assert_int_lt(plan_at_most(&bounds), 2 * bounds.forgotten);
}

START_TEST(path_timeout_is_below_what_was_seen_and_easy_to_remember)
{
	static const int64_t cases[][2] = { { 348600, 345 }, { 350000, 345 }, { 350001, 350 },
		{ 8400, 8 }, { 8000, 7 }, { 59900, 59 }, { 61000, 60 }, { 904000, 900 },
		{ 3700000, 3660 }, { 4001, 4 }, { 4000, 0 }, { 900, 0 }, { 0, 0 } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_int_eq(plan_path_timeout(cases[i][0]), cases[i][1]);
}

Suite *
measure_plan_suite(void)
{
	Suite *suite = suite_create("measure-plan");
	TCase *tests = tcase_create("plan");

	tcase_add_test(tests, first_round_grows_from_the_shortest_to_the_longest);
	tcase_add_test(tests, sixteen_connections_are_never_exceeded);
	tcase_add_test(tests, no_more_connections_are_opened_than_needed);
	tcase_add_test(tests, every_memory_is_found_within_the_tolerance_in_two_rounds);
	tcase_add_test(tests, tolerance_is_five_percent_or_two_seconds);
	tcase_add_test(tests, what_was_forgotten_is_tried_again_as_the_last);
	tcase_add_test(tests, doubt_is_a_round_of_one);
	tcase_add_test(tests, nothing_is_tried_beyond_the_limit_of_the_server);
	tcase_add_test(tests, a_path_without_memory_ends_the_search);
	tcase_add_test(tests, it_takes_two_to_three_times_the_longest);
	tcase_add_test(tests, path_timeout_is_below_what_was_seen_and_easy_to_remember);
	suite_add_tcase(suite, tests);
	return suite;
}
