/* SPDX-License-Identifier: MIT */
#include "diagnostic.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"

/* How much of a line is shown: enough for a person, little enough for a log. */
enum { SHOWN_BEFORE = 100, SHOWN_WIDTH = 160 };

__attribute__((format(printf, 1, 0))) static char *
format_message(const char *format, va_list arguments)
{
	char message[512];

	vsnprintf(message, sizeof(message), format, arguments);
	return copy_or_exit(message, strlen(message));
}

static struct diagnostic *
append_diagnostic(struct diagnostics *diagnostics, const char *file)
{
	struct diagnostic *diagnostic;

	diagnostics->entries =
	    grow_or_exit(diagnostics->entries, diagnostics->count, sizeof(*diagnostic));
	diagnostic = &diagnostics->entries[diagnostics->count++];
	*diagnostic = (struct diagnostic){ .file = copy_or_exit(file, strlen(file)) };
	return diagnostic;
}

void
diagnostic_in_file(struct diagnostics *diagnostics, const char *file, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	append_diagnostic(diagnostics, file)->message = format_message(format, arguments);
	va_end(arguments);
}

void
diagnostic_at(struct diagnostics *diagnostics, const char *file, const struct span *span,
    const char *format, ...)
{
	struct diagnostic *diagnostic = append_diagnostic(diagnostics, file);
	const char *line = span->line;
	size_t before, length, width;
	va_list arguments;

	va_start(arguments, format);
	diagnostic->message = format_message(format, arguments);
	va_end(arguments);

	diagnostic->line = span->number;
	diagnostic->column = (unsigned)(span->at - line) + 1;

	/* A very long line is shown from near the place. */
	before = (size_t)(span->at - line);
	if (before > SHOWN_BEFORE) {
		line = span->at - SHOWN_BEFORE;
		before = SHOWN_BEFORE;
	}
	for (length = 0; length < SHOWN_WIDTH && strchr("\r\n", line[length]) == NULL;)
		length++;
	if (length < before)
		length = before;
	diagnostic->source = copy_or_exit(line, length);
	width = span->width < length - before ? span->width : length - before;
	diagnostic->width = width == 0 ? 1 : (unsigned)width;
}

static int
by_line(const void *a, const void *b)
{
	const struct diagnostic *first = a;
	const struct diagnostic *second = b;

	if (first->line != second->line)
		return first->line < second->line ? -1 : 1;
	return first->column < second->column ? -1 : first->column > second->column;
}

void
diagnostic_sort(struct diagnostics *diagnostics, size_t first)
{
	if (diagnostics->count > first)
		qsort(diagnostics->entries + first, diagnostics->count - first,
		    sizeof(*diagnostics->entries), by_line);
}

/* The source line with a caret under the place; tabs stay tabs, so that both lines agree. */
static void
print_source(const struct diagnostic *diagnostic, FILE *stream, const char *bold, const char *plain)
{
	size_t before =
	    diagnostic->column - 1 < SHOWN_BEFORE ? diagnostic->column - 1 : SHOWN_BEFORE;

	fprintf(stream, "%5u | ", diagnostic->line);
	for (const char *at = diagnostic->source; *at != '\0'; at++)
		fputc((unsigned char)*at < ' ' && *at != '\t' ? '?' : *at, stream);
	fputs("\n      | ", stream);
	for (size_t i = 0; i < before; i++)
		if (diagnostic->source[i] == '\t')
			fputc('\t', stream);
		else if (((unsigned char)diagnostic->source[i] & 0xc0) !=
			 0x80) /* one column for each UTF-8 character */
			fputc(' ', stream);
	fputs(bold, stream);
	for (unsigned i = 0; i < diagnostic->width; i++)
		fputc(i == 0 ? '^' : '~', stream);
	fprintf(stream, "%s\n", plain);
}

void
diagnostic_print(const struct diagnostics *diagnostics, FILE *stream, bool colour)
{
	const char *bold = colour ? "\033[1;31m" : "";
	const char *plain = colour ? "\033[0m" : "";

	for (size_t i = 0; i < diagnostics->count; i++) {
		const struct diagnostic *diagnostic = &diagnostics->entries[i];

		if (diagnostic->line == 0) {
			fprintf(stream, "%s: %s\n", diagnostic->file, diagnostic->message);
			continue;
		}
		fprintf(
		    stream, "%s:%u: %s\n", diagnostic->file, diagnostic->line, diagnostic->message);
		print_source(diagnostic, stream, bold, plain);
	}
}

void
diagnostic_free(struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics->count; i++) {
		free(diagnostics->entries[i].file);
		free(diagnostics->entries[i].message);
		free(diagnostics->entries[i].source);
	}
	free(diagnostics->entries);
	*diagnostics = (struct diagnostics){ 0 };
}

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * How many letters must be added, taken away, changed or swapped with their neighbour: optimal
 * string alignment.
 */
static size_t
distance(const char *a, const char *b)
{
	enum { LONGEST = 32 };
	size_t row[LONGEST + 1][LONGEST + 1];
	size_t rows = strlen(a);
	size_t columns = strlen(b);

	if (rows > LONGEST || columns > LONGEST)
		return SIZE_MAX;
	for (size_t i = 0; i <= rows; i++)
		for (size_t j = 0; j <= columns; j++) {
			if (i == 0 || j == 0) {
				row[i][j] = i + j;
				continue;
			}
			row[i][j] = smaller(row[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
			    smaller(row[i - 1][j], row[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[i][j] = smaller(row[i][j], row[i - 2][j - 2] + 1);
		}
	return row[rows][columns];
}

const char *
diagnostic_meant(const char *word, const char *const *candidates)
{
	size_t allowed = strlen(word) / 2;
	const char *meant = NULL;

	if (allowed > 2)
		allowed = 2;
	for (; *candidates != NULL; candidates++) {
		size_t far = distance(word, *candidates);

		if (far > allowed)
			continue;
		meant = *candidates;
		allowed = far == 0 ? 0 : far - 1;
		if (far == 0)
			break;
	}
	return meant;
}
