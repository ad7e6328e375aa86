/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_FETCH_H
#define KASHIM_FETCH_H

#include <stddef.h>
#include <stdint.h>

#include "compiled.h"
#include "load.h"
#include "path.h"
#include "policy.h"
#include "variables.h"

enum fetched_state {
	FETCHED_POLICY,  /* there is a policy, */
	FETCHED_NOTHING, /* there is no configuration at all, */
	FETCHED_BROKEN,  /* or there is one that cannot be used: leave the program alone */
};

_Static_assert((int)PATH_LONGEST >= (int)COMPILED_SMALL, "the smaller room is on the stack");

struct fetched {
	enum fetched_state state;
	char **arguments; /* of the program, as for facts_of_program() */
	struct policy policy;
	struct rule *rules; /* of the policy, in the library's own memory: they may be narrowed, */
	struct settings *settings; /* and these be resolved */
	char *image;               /* what the policy points into: `small`, or a mapping */
	size_t image_size, mapping_size;
	struct text problem; /* what to report, or nothing */
	char problem_room[REPORT_LONGEST];
	/*
	 * The path of the compiled policy, and then, mostly, the policy itself: a page of a new
	 * mapping would cost more than all the rest, and so would one further down the stack.
	 */
	_Alignas(uint64_t) char small[PATH_LONGEST];
};

/*
 * Fetch the policy for this program: the compiled one if it is current; else the text, compiled by
 * a child, if the shim was loaded through the LD_PRELOAD variable; else an old compiled one, with a
 * report.
 */
void fetch(const struct variables *variables, char **environment, char **arguments,
    struct fetched *fetched);

/*
 * Give back what fetch() took. Where `connections` still has rules, the policy stays for them,
 * read-only, and they point there. Returns false where there is no memory for it: then they are
 * gone.
 */
bool fetch_keep(struct fetched *fetched, struct policy *connections);

#endif
