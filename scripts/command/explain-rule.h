/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_EXPLAIN_RULE_H
#define KASHIM_EXPLAIN_RULE_H

#include "policy.h"

/* What a rule looks at: "program java,javac, user 1000", or "defaults". To be freed. */
char *explain_rule(const struct policy *policy, const struct rule *rule);

/* Why a rule does not hold for these facts: its first condition that fails. To be freed. */
char *explain_why_not(
    const struct policy *policy, const struct rule *rule, const struct facts *facts);

#endif
