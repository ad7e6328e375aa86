/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* How much of a line is shown: enough for a person, little enough for a log. */
enum { SHOWN_BEFORE = 100, SHOWN_WIDTH = 160 };

void *
memory(void *block, size_t size)
{
	void *moved = realloc(block, size);

	if (moved == NULL) {
		fputs("kashim: out of memory\n", stderr);
		exit(125);
	}
	return moved;
}

char *
memory_copy(const char *start, size_t size)
{
	char *copied = memory(NULL, size + 1);

	memcpy(copied, start, size);
	copied[size] = '\0';
	return copied;
}

__attribute__((format(printf, 1, 0))) static char *
format_message(const char *format, va_list arguments)
{
	char message[512];

	vsnprintf(message, sizeof(message), format, arguments);
	return memory_copy(message, strlen(message));
}

static struct fault *
append(struct faults *faults, const char *file)
{
	struct fault *fault;

	faults->fault = memory(faults->fault, (faults->count + 1) * sizeof(*fault));
	fault = &faults->fault[faults->count++];
	*fault = (struct fault){ .file = memory_copy(file, strlen(file)) };
	return fault;
}

void
fault_in_file(struct faults *faults, const char *file, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	append(faults, file)->message = format_message(format, arguments);
	va_end(arguments);
}

void
fault_at(struct faults *faults, const char *file, const struct span *span, const char *format, ...)
{
	struct fault *fault = append(faults, file);
	const char *line = span->line;
	size_t before, length, width;
	va_list arguments;

	va_start(arguments, format);
	fault->message = format_message(format, arguments);
	va_end(arguments);

	fault->line = span->number;
	fault->column = (unsigned)(span->at - line) + 1;

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
	fault->source = memory_copy(line, length);
	width = span->width < length - before ? span->width : length - before;
	fault->width = width == 0 ? 1 : (unsigned)width;
}

static int
by_line(const void *a, const void *b)
{
	const struct fault *first = a;
	const struct fault *second = b;

	if (first->line != second->line)
		return first->line < second->line ? -1 : 1;
	return first->column < second->column ? -1 : first->column > second->column;
}

void
fault_sort(struct faults *faults, size_t first)
{
	if (faults->count > first)
		qsort(
		    faults->fault + first, faults->count - first, sizeof(*faults->fault), by_line);
}

/* The source line with a caret under the place; tabs stay tabs, so that both lines agree. */
static void
print_source(const struct fault *fault, FILE *stream, const char *bold, const char *plain)
{
	size_t before = fault->column - 1 < SHOWN_BEFORE ? fault->column - 1 : SHOWN_BEFORE;

	fprintf(stream, "%5u | ", fault->line);
	for (const char *at = fault->source; *at != '\0'; at++)
		fputc((unsigned char)*at < ' ' && *at != '\t' ? '?' : *at, stream);
	fputs("\n      | ", stream);
	for (size_t i = 0; i < before; i++)
		if (fault->source[i] == '\t')
			fputc('\t', stream);
		else if (((unsigned char)fault->source[i] & 0xc0) !=
			 0x80) /* one column for each UTF-8 character */
			fputc(' ', stream);
	fputs(bold, stream);
	for (unsigned i = 0; i < fault->width; i++)
		fputc(i == 0 ? '^' : '~', stream);
	fprintf(stream, "%s\n", plain);
}

void
fault_print(const struct faults *faults, FILE *stream, bool colour)
{
	const char *bold = colour ? "\033[1;31m" : "";
	const char *plain = colour ? "\033[0m" : "";

	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->fault[i];

		if (fault->line == 0) {
			fprintf(stream, "%s: %s\n", fault->file, fault->message);
			continue;
		}
		fprintf(stream, "%s:%u: %s\n", fault->file, fault->line, fault->message);
		print_source(fault, stream, bold, plain);
	}
}

void
fault_free(struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		free(faults->fault[i].file);
		free(faults->fault[i].message);
		free(faults->fault[i].source);
	}
	free(faults->fault);
	*faults = (struct faults){ 0 };
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
fault_meant(const char *word, const char *const *candidates)
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
