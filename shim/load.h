/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_LOAD_H
#define KASHIM_LOAD_H

#include <stdbool.h>

#include "next.h"
#include "policy.h"

enum { REPORT_LONGEST = 512, WHERE_LONGEST = 256 };

/*
 * What the shim knows inside a program. It is found out once and then never changes: the page that
 * holds it is read-only from then on.
 */
struct loaded {
	struct next next;
	struct settings settings;  /* for a socket whose connection is not known; the mode is `off`
				      where it is left alone */
	char where[WHERE_LONGEST]; /* the rule that they come from: "FILE:LINE" */
	struct policy
	    connections; /* the rules before that one, which look at connections; mostly none */
	bool verbose;    /* say one line for each socket */
	char log[WHERE_LONGEST]; /* where reports go, as in kashim.conf(5); "" for the default */
	char problem[REPORT_LONGEST]; /* a report for the first TCP socket, or "" */
};

/*
 * What is known. The first call finds it out; while that lasts, for the thread that does it and all
 * others, and as long as the program has no environment yet, it is the system calls and a policy
 * that leaves everything alone. Never NULL; errno stays.
 */
const struct loaded *load(void);

#endif
