/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_RULING_H
#define KASHIM_OUTSIDE_RULING_H

#include "configuration.h"
#include "outside-foreign.h"
#include "outside-process.h"

/* The configuration of the caller. Starts as { 0 }, with `conf` where that is not the system's. */
struct policies {
	const char *conf;
	bool good;
	struct configuration configuration;
};

/*
 * Read the configuration `policies->conf`, and print what is wrong with it. Returns whether it is
 * in order. Free with policies_free() in either case.
 */
bool policies_open(struct policies *policies);
void policies_free(struct policies *policies);

/*
 * What holds for one process: all rules that can still decide something for its sockets. Nothing of
 * it is freed: it is for a child that ends soon.
 */
struct ruling {
	struct policy policy;   /* its rules look at connections alone */
	struct rule *rules;     /* those of the policy, ours */
	struct foreign foreign; /* where the process has a configuration of its own */
	const char *line;       /* the KASHIM variable, where that decides; or NULL */
	struct settings of_line;
	char broken[PATH_LONGEST]; /* the configuration that holds, where it is in error; or "" */
	const char *unknown;       /* why nothing is known, for people; or NULL */
};

/*
 * Rule as the shim would inside: by the process's own KASHIM_CONF and KASHIM where the shim is
 * loaded in it, else by the policy of the caller. It refers to both. What the process names is
 * read, and its patterns are matched: see bounded.h.
 */
void ruling_make(
    struct ruling *ruling, const struct policies *policies, const struct process *process);

#endif
