/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_EXPLAIN_H
#define KASHIM_EXPLAIN_H

#include <stdio.h>

#include "policy.h"
#include "program.h"

/* Print what a rule looks at: "program java,javac, user 1000", or "defaults". */
void explain_rule(FILE *out, const struct policy *policy, const struct rule *rule);

/* Print settings, resolved, in one line. */
void explain_settings(FILE *out, const struct settings *settings);

/* Draw idle time, probes and end as a line, and say what that costs on the wire. */
void explain_timeline(FILE *out, const struct settings *settings);

#endif
