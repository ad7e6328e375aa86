/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_PLACE_H
#define KASHIM_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "diagnostic.h"

/*
 * Where a setting stands in the text of a configuration. libconfig remembers the line of a setting;
 * this finds its columns, and the number that was written there before libconfig turned it into an
 * int.
 */
struct place {
	struct span name;  /* empty for a member of a list */
	struct span value; /* a number or word, a string with its quotes, or the opening bracket */
};

struct places {
	struct place *place; /* in the order of the text: a group before its members */
	size_t count;
};

/*
 * Find the places of all settings in a text that ends with a NUL. Where the text is not what
 * libconfig's grammar allows, or holds an @include, or is nested deeper than any configuration
 * needs, adds a diagnostic and returns false.
 */
bool place_scan(
    const char *file, const char *text, struct places *places, struct diagnostics *diagnostics);
void place_free(struct places *places);

#endif
