/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_VISIT_H
#define KASHIM_OUTSIDE_VISIT_H

#include "bounded.h"
#include "outside-finding.h"

/* A look at one holder of sockets, in a child of its own, within a bounded time. */
struct visit {
	const struct policies *policies;
	struct netns *met; /* the network namespaces that are known */
	const struct holders *holders;
	const struct holder *holder;
	const struct held *held; /* the sockets that are wanted, in the order they are visited */
	size_t count;
	char *const *operands; /* visit only what one of them means; none of them means all */
	bool *met_operands;    /* gets true for each that means it */
	bool changes;          /* put the policy on them, too */
	int64_t patience;      /* milliseconds, besides what each socket may take */
};

/* The finding, and what it refers to, is gone after the call. */
typedef void visit_found(const struct finding *finding, void *context);

/*
 * Visit it. Each socket is judged by what holds for its owner; its copy is closed again before the
 * next one. BOUNDED_STALLED: the process made us wait for longer than the patience; what it was
 * asked before that was found.
 */
enum bounded_end visit_holder(
    const struct visit *visit, visit_found *found, void *context, int64_t *waited);

#endif
