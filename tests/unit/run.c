/* SPDX-License-Identifier: MIT */
/* All unit tests. CK_RUN_SUITE, CK_VERBOSITY, CK_FORK and the like choose and show: see Check. */
#include <stdlib.h>

#include "scratch.h"
#include "suites.h"

static Suite *(*const suites[])(void) = {
	text_suite,
	page_suite,
	path_suite,
	option_suite,
	retransmit_suite,
	policy_suite,
	profile_suite,
	address_suite,
	compiled_suite,
	build_suite,
	diagnostic_suite,
	place_suite,
	read_suite,
	document_suite,
	condition_suite,
	group_suite,
	configuration_suite,
	explain_suite,
	program_suite,
	reach_suite,
	excerpt_suite,
	json_suite,
	table_suite,
	measure_plan_suite,
	measure_verdict_suite,
	measure_target_suite,
	measure_result_suite,
};

int
main(void)
{
	SRunner *runner = srunner_create(NULL);
	int failed;

	scratch_begin();
	setenv("CK_DEFAULT_TIMEOUT", "60", 0); /* seconds for a test, of which most take none */
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		srunner_add_suite(runner, suites[i]());
	srunner_run_all(runner, CK_ENV); /* CK_NORMAL unless CK_VERBOSITY says otherwise */
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	scratch_end();
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
