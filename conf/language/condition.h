/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_CONDITION_H
#define KASHIM_CONDITION_H

#include "build.h"
#include "node.h"

/* How many members a condition may have in one rule. */
enum { CONDITION_MEMBERS = 1024 };

/* The condition with this key, or CONDITION_COUNT. */
enum condition condition_named(const char *key);

/*
 * Read a condition, a single value or a list of them, into the words of the policy. Returns its
 * index there, or 0 after a diagnostic. Names of users are looked up now.
 */
uint32_t condition_read(const struct tree *tree, const struct node *node, enum condition condition,
    struct build *build);

#endif
