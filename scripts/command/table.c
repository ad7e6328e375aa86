/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "utf8.h"

enum { GAP = 2, COLUMNS_MOST = 16 };

static const char marked_on[] = "\033[1;31m";
static const char marked_off[] = "\033[0m";

struct table
table_of(const char *const *titles)
{
	struct table table = { .titles = titles };

	while (titles[table.columns] != NULL && table.columns < COLUMNS_MOST)
		table.columns++;
	return table;
}

void
table_free(struct table *table)
{
	for (size_t i = 0; i < table->rows * table->columns; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table->marked);
	*table = (struct table){ 0 };
}

void
table_add(struct table *table, const char *const *cells, bool marked)
{
	size_t row = table->rows++;

	table->cells = grow_or_exit(table->cells, row, table->columns * sizeof(*table->cells));
	table->marked = grow_or_exit(table->marked, row, sizeof(*table->marked));
	for (size_t i = 0; i < table->columns; i++)
		table->cells[row * table->columns + i] = copy_or_exit(cells[i], strlen(cells[i]));
	table->marked[row] = marked;
}

static void
measure(const struct table *table, size_t *widths)
{
	for (size_t i = 0; i < table->columns; i++)
		widths[i] = strlen(table->titles[i]) - 1;
	for (size_t i = 0; i < table->rows * table->columns; i++) {
		size_t width = utf8_width(table->cells[i]);

		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
}

static void
put_blanks(FILE *out, size_t count)
{
	for (; count != 0; count--)
		fputc(' ', out);
}

/* A line of cells, with no blanks at its end. */
static void
put_line(FILE *out, const struct table *table, const size_t *widths, size_t shown,
    const char *const *cells)
{
	size_t owed = 0;

	for (size_t i = 0; i < shown; i++) {
		size_t blanks = widths[i] - utf8_width(cells[i]);
		bool left = table->titles[i][0] == '<';

		if (*cells[i] != '\0') {
			put_blanks(out, owed + (left ? 0 : blanks));
			terminal_put(out, cells[i]);
			owed = left ? blanks : 0;
		} else {
			owed += blanks;
		}
		owed += GAP;
	}
}

static void
put_block(FILE *out, const struct table *table, const char *const *cells)
{
	size_t widest = 0;

	for (size_t i = 0; i < table->columns; i++)
		if (strlen(table->titles[i]) - 1 > widest)
			widest = strlen(table->titles[i]) - 1;
	for (size_t i = 0; i < table->columns; i++) {
		if (*cells[i] == '\0')
			continue;
		fputs(table->titles[i] + 1, out);
		put_blanks(out, widest + GAP - (strlen(table->titles[i]) - 1));
		terminal_put(out, cells[i]);
		fputc('\n', out);
	}
}

static size_t
total(const size_t *widths, size_t columns)
{
	size_t sum = 0;

	for (size_t i = 0; i < columns; i++)
		sum += widths[i] + (i == 0 ? 0 : GAP);
	return sum;
}

void
table_print(const struct table *table, FILE *out, const struct terminal *terminal)
{
	size_t last = table->columns - 1;
	size_t widths[COLUMNS_MOST];
	size_t shown = table->columns;
	const char *titles[COLUMNS_MOST];
	bool blocks;

	measure(table, widths);
	if (total(widths, shown) > terminal->columns)
		shown = last;
	blocks = total(widths, shown) > terminal->columns;
	for (size_t i = 0; i < table->columns; i++)
		titles[i] = table->titles[i] + 1;
	if (!blocks) {
		put_line(out, table, widths, shown, titles);
		fputc('\n', out);
	}
	for (size_t row = 0; row < table->rows; row++) {
		const char *const *cells = (const char *const *)table->cells + row * table->columns;
		bool colour = terminal->colour && table->marked[row];

		fputs(colour ? marked_on : "", out);
		if (blocks) {
			put_block(out, table, cells);
		} else {
			put_line(out, table, widths, shown, cells);
			fputc('\n', out);
		}
		if (!blocks && shown == last && *cells[last] != '\0') {
			put_blanks(out, 2 * GAP);
			terminal_put(out, cells[last]);
			fputc('\n', out);
		}
		fputs(colour ? marked_off : "", out);
		if (blocks && row + 1 < table->rows)
			fputc('\n', out);
	}
}
