/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_VISIT_H
#define KASHIM_OUTSIDE_VISIT_H

#include "outside-finding.h"
#include "outside-patience.h"

/* A look at one holder of sockets, in a child of its own, within a bounded time. */
struct visit {
	const struct policies *policies;
	struct netns *met; /* the network namespaces that are known */
	const struct holders *holders;
	const struct holder *holder;
	struct held *held; /* the sockets that are wanted, in the order they are visited */
	size_t count;
	char *const *operands; /* visit only what one of them means; none of them means all */
	bool *met_operands;    /* gets true for each that means it */
	bool changes;          /* put the policy on them, too */
};

/* The finding, and what it refers to, is gone after the call. */
typedef void visit_found(const struct finding *finding, void *context);

/*
 * Choose the sockets of the holder that were not visited yet, by their descriptors; without
 * operands, those that it owns. `held` is to be freed.
 */
void visit_choose(struct visit *visit);

/*
 * Visit it. Each socket is judged by what holds for its owner; its copy is closed again before the
 * next one. Returns false where the process made us wait for longer than the patience with its user
 * is, which is less then; what it was asked before that was found.
 */
bool visit_holder(
    const struct visit *visit, struct patience *patience, visit_found *found, void *context);

#endif
