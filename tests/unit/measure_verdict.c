/* SPDX-License-Identifier: MIT */
#include "measure-verdict.h"

#include "suites.h"

enum { COUNT = 12 };

static const struct loss none_lost = { .sent = 60, .answered = 60 };
static const struct loss half_lost = { .sent = 60, .answered = 27 };

START_TEST(more_probes_are_needed_the_more_are_lost)
{
	struct loss nothing_known = { 0 };

	ck_assert_int_eq(verdict_probes(&none_lost), 3);
	ck_assert_int_ge(verdict_probes(&half_lost), 14);
	ck_assert_int_le(verdict_probes(&half_lost), 20);
	ck_assert_int_ge(verdict_probes(&nothing_known), 5);
}

START_TEST(one_lost_probe_is_no_verdict)
{
	ck_assert(!verdict_is_forgotten(&none_lost, 1, 10));
	ck_assert(!verdict_is_forgotten(&none_lost, 2, 10));
	ck_assert(verdict_is_forgotten(&none_lost, 3, 10));
	ck_assert(!verdict_is_forgotten(&half_lost, 3, 10));
	ck_assert(verdict_is_forgotten(&half_lost, 20, 10));
}

START_TEST(a_path_is_not_blamed_while_the_network_is_down)
{
	ck_assert(!verdict_is_forgotten(&none_lost, 30, 0));
	ck_assert(!verdict_is_forgotten(&none_lost, 30, 2));
	ck_assert(!verdict_is_forgotten(&half_lost, 30, 2));
}

START_TEST(a_network_is_down_when_nothing_is_answered_for_longer_than_chance)
{
	ck_assert(!verdict_is_down(&none_lost, 2500));
	ck_assert(verdict_is_down(&none_lost, 5000));
	ck_assert(!verdict_is_down(&half_lost, 10000));
	ck_assert(verdict_is_down(&half_lost, 30000));
}

START_TEST(the_server_ended_what_it_ends_in_spite_of_probes)
{
	ck_assert_int_eq(verdict_ended_by(6000, 3000, 6100), ENDED_BY_SERVER);
	ck_assert_int_eq(verdict_ended_by(6000, 60000, 5800), ENDED_BY_SERVER);
}

START_TEST(the_path_ended_what_the_server_keeps_with_probes)
{
	ck_assert_int_eq(verdict_ended_by(6000, 6500, 0), ENDED_BY_UNKNOWN);
	ck_assert_int_eq(verdict_ended_by(6000, 9000, 0), ENDED_BY_PATH);
	ck_assert_int_eq(verdict_ended_by(6000, 9000, 60000), ENDED_BY_PATH);
}

static size_t
add(struct sample *samples, size_t count, int64_t silence, enum manner manner)
{
	samples[count] = (struct sample){ silence, manner };
	return count + 1;
}

START_TEST(longest_remembered_and_shortest_forgotten_are_found_in_any_order)
{
	struct sample samples[COUNT] = { 0 };
	struct finding finding;
	size_t count = 0;

	count = add(samples, count, 9000, MANNER_RESET);
	count = add(samples, count, 3000, MANNER_NONE);
	count = add(samples, count, 12000, MANNER_SILENCE);
	count = add(samples, count, 8000, MANNER_NONE);
	count = add(samples, count, 6000, MANNER_NONE);
	finding = verdict_find(samples, count);
	ck_assert_int_eq(finding.remembered, 8000);
	ck_assert_int_eq(finding.forgotten, 9000);
	ck_assert_int_eq(finding.manner, MANNER_RESET);
	ck_assert_int_eq(finding.safe, 8000);
	ck_assert_uint_eq(finding.misfits, 0);
}

START_TEST(nothing_forgotten_and_nothing_remembered_are_told)
{
	struct sample samples[COUNT] = { 0 };
	struct finding finding = verdict_find(samples, 0);

	ck_assert_int_eq(finding.remembered, 0);
	ck_assert_int_eq(finding.forgotten, 0);
	finding = verdict_find(samples, add(samples, 0, 5000, MANNER_NONE));
	ck_assert_int_eq(finding.remembered, 5000);
	ck_assert_int_eq(finding.forgotten, 0);
	finding = verdict_find(samples, add(samples, 0, 5000, MANNER_SILENCE));
	ck_assert_int_eq(finding.remembered, 0);
	ck_assert_int_eq(finding.forgotten, 5000);
}

START_TEST(the_majority_counts_and_the_safe_value_is_careful)
{
	struct sample samples[COUNT] = { 0 };
	struct finding finding;
	size_t count = 0;

	count = add(samples, count, 5000, MANNER_NONE);
	count = add(samples, count, 9000, MANNER_SILENCE);
	count = add(samples, count, 9000, MANNER_NONE);
	/* One against one: whoever measures on tries what is longer. */
	finding = verdict_find(samples, count);
	ck_assert_int_eq(finding.remembered, 9000);
	ck_assert_int_eq(finding.forgotten, 0);
	count = add(samples, count, 12000, MANNER_NONE);
	count = add(samples, count, 20000, MANNER_SILENCE);
	finding = verdict_find(samples, count);
	ck_assert_int_eq(finding.remembered, 12000);
	ck_assert_int_eq(finding.forgotten, 20000);
	ck_assert_uint_eq(finding.misfits, 1);
	ck_assert_int_lt(finding.safe, 9000);
}

START_TEST(one_that_was_forgotten_is_doubtful)
{
	struct sample samples[COUNT] = { 0 };
	struct finding finding;
	size_t count = add(samples, 0, 9000, MANNER_SILENCE);

	finding = verdict_find(samples, count);
	ck_assert(verdict_is_doubtful(samples, count, &finding, &none_lost));
	count = add(samples, count, 12000, MANNER_SILENCE);
	finding = verdict_find(samples, count);
	ck_assert(!verdict_is_doubtful(samples, count, &finding, &none_lost));
	/* Where packets are lost, it has to be seen at the very place. */
	ck_assert(verdict_is_doubtful(samples, count, &finding, &half_lost));
	count = add(samples, count, 9020, MANNER_SILENCE);
	finding = verdict_find(samples, count);
	ck_assert(!verdict_is_doubtful(samples, count, &finding, &half_lost));
	/* Nothing forgotten, nothing to doubt. */
	finding = verdict_find(samples, 0);
	ck_assert(!verdict_is_doubtful(samples, 0, &finding, &none_lost));
}

Suite *
measure_verdict_suite(void)
{
	Suite *suite = suite_create("measure-verdict");
	TCase *tests = tcase_create("verdict");

	tcase_add_test(tests, more_probes_are_needed_the_more_are_lost);
	tcase_add_test(tests, one_lost_probe_is_no_verdict);
	tcase_add_test(tests, a_path_is_not_blamed_while_the_network_is_down);
	tcase_add_test(tests, a_network_is_down_when_nothing_is_answered_for_longer_than_chance);
	tcase_add_test(tests, the_server_ended_what_it_ends_in_spite_of_probes);
	tcase_add_test(tests, the_path_ended_what_the_server_keeps_with_probes);
	tcase_add_test(tests, longest_remembered_and_shortest_forgotten_are_found_in_any_order);
	tcase_add_test(tests, nothing_forgotten_and_nothing_remembered_are_told);
	tcase_add_test(tests, the_majority_counts_and_the_safe_value_is_careful);
	tcase_add_test(tests, one_that_was_forgotten_is_doubtful);
	suite_add_tcase(suite, tests);
	return suite;
}
