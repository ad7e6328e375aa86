/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_TABLE_H
#define KASHIM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "terminal.h"

/* A table for people: columns as wide as what stands in them. */
struct table {
	/* "<TITLE" stands to the left, ">TITLE" to the right; ends with NULL; the caller's */
	const char *const *titles;
	size_t columns;
	char **cells; /* row by row */
	bool *marked; /* by row */
	size_t rows;
};

struct table table_of(const char *const *titles);
void table_free(struct table *table);

/*
 * Add a row: as many strings as there are columns, which are copied. A marked one is shown in
 * colour, where there is colour.
 */
void table_add(struct table *table, const char *const *cells, bool marked);

/*
 * Print it. Where it is wider than the terminal, the last column goes below its row; where that is
 * still too wide, each row becomes a block with a line for each cell.
 */
void table_print(const struct table *table, FILE *out, const struct terminal *terminal);

#endif
