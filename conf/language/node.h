/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_NODE_H
#define KASHIM_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "diagnostic.h"

enum node_type { NODE_GROUP, NODE_LIST, NODE_ARRAY, NODE_STRING, NODE_BOOLEAN, NODE_NUMBER };

/* One setting of a text, or one member of a list. */
struct node {
	enum node_type type;
	size_t size; /* how many nodes it is, itself and all that is in it; they stand behind it */
	char *key;   /* its name, NULL for a member of a list */
	/* of a string its content, of a number or boolean what is written, NULL for the others */
	char *text;
	struct span name;  /* where the name stands, empty for a member of a list */
	struct span value; /* where the value stands, with its quotes, or the opening bracket */
};

/*
 * The settings of one text, in the order of the text. Node 0 is the group of all that stands at the
 * top.
 */
struct tree {
	const char *file;                /* for messages, */
	struct diagnostics *diagnostics; /* which go there; both are the caller's */
	struct node *node;
	size_t count;
};

/* The members of a node in turn: the first one, the next one, NULL after the last. */
const struct node *node_first(const struct node *node);
const struct node *node_next(const struct node *node, const struct node *member);

/* The member of a group with this key, or NULL. */
const struct node *node_member(const struct node *node, const char *key);

/* Whether it holds other nodes. */
bool node_is_aggregate(const struct node *node);

/* Add a diagnostic about a node's value: "key: message". Returns false. */
bool node_refuse(const struct tree *tree, const struct node *node, const char *message);

/* Add a diagnostic about a node's type. Returns false. */
bool node_refuse_type(const struct tree *tree, const struct node *node, const char *allowed);

/*
 * Add a diagnostic about a node's key: `problem`, or where that is NULL that there is no such setting,
 * with the one of `keys` (ends with NULL) that may have been meant.
 */
void node_refuse_key(
    const struct tree *tree, const struct node *node, const char *const *keys, const char *problem);

/* Whether the node is a group; if not, a diagnostic is added. */
bool node_is_group(const struct tree *tree, const struct node *node);

/* Whether the node is a single value whose text can be used; if not, a diagnostic is added. */
bool node_is_value(const struct tree *tree, const struct node *node, const char *allowed);

/* Which of a few words the node is, or -1 and a diagnostic. The words end with NULL. */
int node_word(const struct tree *tree, const struct node *node, const char *const *words);

#endif
