/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_TESTS_SUITES_H
#define KASHIM_TESTS_SUITES_H

#include <check.h>

/* What is claimed about each part of conf/ and of what else is pure, one suite a file. */
Suite *address_suite(void);
Suite *build_suite(void);
Suite *compiled_suite(void);
Suite *condition_suite(void);
Suite *configuration_suite(void);
Suite *document_suite(void);
Suite *excerpt_suite(void);
Suite *explain_suite(void);
Suite *diagnostic_suite(void);
Suite *group_suite(void);
Suite *json_suite(void);
Suite *measure_plan_suite(void);
Suite *measure_result_suite(void);
Suite *measure_target_suite(void);
Suite *measure_verdict_suite(void);
Suite *option_suite(void);
Suite *page_suite(void);
Suite *path_suite(void);
Suite *place_suite(void);
Suite *policy_suite(void);
Suite *profile_suite(void);
Suite *program_suite(void);
Suite *reach_suite(void);
Suite *read_suite(void);
Suite *retransmit_suite(void);
Suite *table_suite(void);
Suite *text_suite(void);

#endif
