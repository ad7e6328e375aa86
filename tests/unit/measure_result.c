/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measure-show.h"
#include "scratch.h"
#include "suites.h"

/* What is printed, as one string. */
static char printed[4000];

static struct measure measured;
static struct show show;

static void
begin(void)
{
	scratch_enter();
	measured = (struct measure){ .outcome = OUTCOME_MEASURED, .round = 2, .sample_count = 20 };
	measured.bounds = (struct bounds){ .shortest = 15000, .longest = 3600000 };
	measured.control.loss = (struct loss){ .sent = 900, .answered = 900 };
	show = (struct show){ .host_port = "db:5432" };
}

static void
print_result(void)
{
	int before = dup(STDOUT_FILENO);
	FILE *file;
	size_t size;

	fflush(stdout);
	ck_assert_ptr_nonnull(freopen("printed", "w", stdout));
	show_result(&show, &measured);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	file = fopen("printed", "r");
	ck_assert_ptr_nonnull(file);
	size = fread(printed, 1, sizeof(printed) - 1, file);
	printed[size] = '\0';
	fclose(file);
}

static void
has_printed(const char *text)
{
	ck_assert_msg(strstr(printed, text) != NULL, "no \"%s\" in:\n%s", text, printed);
}

static void
has_not_printed(const char *text)
{
	ck_assert_msg(strstr(printed, text) == NULL, "\"%s\" in:\n%s", text, printed);
}

static void
path_forgets(enum manner manner)
{
	measured.finding = (struct finding){
		.remembered = 348000, .forgotten = 359000, .manner = manner, .safe = 348000
	};
	measured.bounds.forgotten = 359000;
	measured.cure = (struct cure){ .path_timeout = 345,
		.idle = 138,
		.interval = 30,
		.count = 5,
		.attempts = 1,
		.probes = 4,
		.answered = 4,
		.lived = 414000,
		.is_settled = true,
		.holds = true };
}

START_TEST(what_was_measured_ends_with_the_lines_to_copy)
{
	path_forgets(MANNER_SILENCE);
	print_result();
	ck_assert_str_eq(printed,
	    "\nremembered  for 5m48s, the longest silence after which a probe was answered\n"
	    "forgotten   after 5m59s: no answer to probes, the path drops them without a word\n"
	    "cure        probes keep it open: 4 of 4 answered in 6m54s (idle 138 s, interval 30 s, "
	    "count 5)\n"
	    "\nIn /etc/kashim.conf, in defaults or in a rule, then 'kashim compile':\n\n"
	    "    path_timeout = \"345s\";\n\nor for one program:\n\n"
	    "    kashim run --path-timeout 345s PROGRAM\n");
}

START_TEST(how_it_forgets_is_told)
{
	path_forgets(MANNER_RESET);
	print_result();
	has_printed("forgotten   after 5m59s: it ends with RST\n");
	path_forgets(MANNER_CLOSED);
	print_result();
	has_printed("forgotten   after 5m59s: it ends with FIN, while a connection with probes "
		    "stays\n");
}

START_TEST(a_path_that_ignores_probes_gets_no_advice)
{
	path_forgets(MANNER_SILENCE);
	measured.cure.holds = false;
	measured.cure.answered = 2;
	measured.cure.lived = 361000;
	print_result();
	has_printed("cure        none: this path ignores probes, the connection ended after 6m1s, "
		    "2 of 4 answered (idle");
	has_not_printed("path_timeout");
}

START_TEST(a_server_that_ends_the_cure_takes_nothing_from_the_advice)
{
	path_forgets(MANNER_SILENCE);
	measured.cure.holds = false;
	measured.cure.ends_by_server = true;
	measured.bounds.limit = 361000;
	print_result();
	has_printed("server      ends connections without data itself after 6m1s: no keepalive "
		    "prevents that\n");
	has_printed(
	    "cure        not shown, since the server ends it: 4 of 4 probes answered (idle");
	has_printed("    path_timeout = \"345s\";\n");
}

START_TEST(lost_packets_take_nothing_from_the_advice)
{
	path_forgets(MANNER_SILENCE);
	measured.cure.holds = false;
	measured.cure.ends_by_loss = true;
	print_result();
	has_printed(
	    "cure        not shown, so many packets get lost: 4 of 4 probes answered (idle");
	has_printed("    path_timeout = \"345s\";\n");
}

START_TEST(a_path_that_forgets_within_seconds_gets_times_instead)
{
	path_forgets(MANNER_SILENCE);
	measured.cure.path_timeout = 0;
	measured.cure.idle = measured.cure.interval = 1;
	print_result();
	has_printed("    idle = \"1s\"; interval = \"1s\"; count = 5;\n");
	has_printed("    kashim run --idle 1s --interval 1s --count 5 PROGRAM\n");
}

START_TEST(losses_and_contradictions_are_told)
{
	path_forgets(MANNER_SILENCE);
	measured.finding.misfits = 2;
	measured.control.loss.answered = 600;
	print_result();
	has_printed(
	    "unsteady    2 of 20 results do not fit: packets get lost, or there are several "
	    "paths\n");
	has_printed("lossy       300 of 900 probes were lost where nothing is forgotten\n");
}

START_TEST(each_reason_for_no_answer_is_told)
{
	static const struct {
		enum outcome outcome;
		const char *words;
	} cases[] = {
		{ OUTCOME_REMEMBERED,
		    "\nNothing was forgotten up to 1h. --longest tries longer silences.\n" },
		{ OUTCOME_CLOSED, "\nNot to be measured with this server: it ends silent" },
		{ OUTCOME_SPOKEN, "\nNot to be measured with this server: it speaks, or sends" },
		{ OUTCOME_FORGETFUL, "\nThe path forgets within a second: no keepalive is fast" },
		{ OUTCOME_MUTE, "\nNot to be measured: connections can be opened, but no" },
		{ OUTCOME_UNSURE, "\nNot to be measured: the results are too few, or contradict" },
		{ OUTCOME_INTERRUPTED, "\nInterrupted: this is what is known so far.\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin();
		measured.outcome = cases[i].outcome;
		print_result();
		has_printed(cases[i].words);
		has_not_printed("In /etc/kashim.conf");
	}
}

START_TEST(times_are_said_as_people_say_them)
{
	static const struct {
		int64_t time;
		const char *words;
	} cases[] = { { 8449, "8.4s" }, { 8000, "8s" }, { 9990, "10s" }, { 19940, "19.9s" },
		{ 20499, "20s" }, { 343200, "5m43s" }, { 3600000, "1h" }, { 40, "0s" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char room[40];
		struct text text = text_in(room, sizeof(room));

		show_put_time(&text, cases[i].time);
		ck_assert_str_eq(room, cases[i].words);
	}
}

START_TEST(every_fate_has_words)
{
	for (enum fate fate = FATE_WAITING; fate <= FATE_NOT_NEEDED; fate++) {
		char room[200];
		struct text text = text_in(room, sizeof(room));
		struct trial trial = { .fate = fate,
			.planned = 60000,
			.silence = 6000,
			.pause = 30000,
			.at_once = 2,
			.unanswered = 3,
			.silent_since = 1,
			.manner = MANNER_RESET };

		show_put_fate(&text, &measured, &trial);
		ck_assert_uint_gt(strlen(room), 3);
		ck_assert_uint_gt(strlen(show_fate_word(fate)), 3);
		ck_assert_ptr_null(strchr(show_fate_word(fate), ' '));
	}
}

Suite *
measure_result_suite(void)
{
	Suite *suite = suite_create("measure-result");
	TCase *tests = tcase_create("result");

	tcase_add_checked_fixture(tests, begin, NULL);
	tcase_add_test(tests, what_was_measured_ends_with_the_lines_to_copy);
	tcase_add_test(tests, how_it_forgets_is_told);
	tcase_add_test(tests, a_path_that_ignores_probes_gets_no_advice);
	tcase_add_test(tests, a_server_that_ends_the_cure_takes_nothing_from_the_advice);
	tcase_add_test(tests, lost_packets_take_nothing_from_the_advice);
	tcase_add_test(tests, a_path_that_forgets_within_seconds_gets_times_instead);
	tcase_add_test(tests, losses_and_contradictions_are_told);
	tcase_add_test(tests, each_reason_for_no_answer_is_told);
	tcase_add_test(tests, times_are_said_as_people_say_them);
	tcase_add_test(tests, every_fate_has_words);
	suite_add_tcase(suite, tests);
	return suite;
}
