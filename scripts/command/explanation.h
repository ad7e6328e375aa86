/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_EXPLANATION_H
#define KASHIM_EXPLANATION_H

#include "host-tcp.h"
#include "program.h"

/* What `kashim explain` answers: which rule decides for a program, and what that means. */
struct explanation {
	struct policy policy;
	const struct program *program;
	const struct facts *facts;
	const struct rule *rule;
	const char *line; /* the KASHIM variable, where that decides; or NULL */
	struct settings settings;
	struct host_tcp host;
	bool exists;  /* there is a configuration */
	bool verbose; /* also the rules before that one, and why they do not decide */
	bool reached;
	char why[200]; /* reached, or why not */
};

/* Print it for people, or as JSON, on standard output. */
void explanation_print(const struct explanation *explanation);
void explanation_put(const struct explanation *explanation);

#endif
