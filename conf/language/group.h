/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_GROUP_H
#define KASHIM_GROUP_H

#include "build.h"
#include "node.h"

/* Where a value was written: a string of the policy and a line; 0 and 0 for the built-in policy. */
struct origin {
	uint32_t file, line;
};
struct origins {
	struct origin mode;
	struct origin value[OPTION_COUNT];
};

enum group_kind { GROUP_DEFAULTS, GROUP_PROFILE, GROUP_RULE };

/* What stands in one { }: nothing is merged with anything yet. */
struct group {
	struct settings settings; /* with what path_timeout gives */
	struct origins origins;
	const struct node *profile; /* the setting that names one, or NULL */
	uint32_t direction;
	uint32_t condition[CONDITION_COUNT];
};

/*
 * Read a group; `file` is its file's name as a string of the policy. What is wrong in it is added
 * to the diagnostics.
 */
struct group group_read(const struct tree *tree, const struct node *node, enum group_kind kind,
    uint32_t file, struct build *build);

#endif
