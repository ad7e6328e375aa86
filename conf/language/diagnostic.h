/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_DIAGNOSTIC_H
#define KASHIM_DIAGNOSTIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What is wrong with a configuration, and where. */
struct diagnostic {
	char *file;
	unsigned line; /* 0 where the file as a whole is meant */
	/* of the first wrong byte in the line, from 1; 0 where the line as a whole is meant */
	unsigned column;
	unsigned width; /* of the wrong place in bytes */
	char *message;
	char *source; /* the line itself, NULL where there is none */
};

/* All that were found, in the order of the files and lines that were read. Starts as { 0 }. */
struct diagnostics {
	struct diagnostic *entries;
	size_t count;
};

/* A place in a text: `width` bytes at `at`, in line `number` (from 1), which starts at `line`. */
struct span {
	const char *line;
	unsigned number;
	const char *at;
	size_t width;
};

/* Add a diagnostic of a file as a whole, or of a place in its text. Names and texts are copied. */
__attribute__((format(printf, 3, 4))) void diagnostic_in_file(
    struct diagnostics *diagnostics, const char *file, const char *format, ...);
__attribute__((format(printf, 4, 5))) void diagnostic_at(struct diagnostics *diagnostics,
    const char *file, const struct span *span, const char *format, ...);

/* Order those from number `first` on by their lines. */
void diagnostic_sort(struct diagnostics *diagnostics, size_t first);

/* Print each with its file, line, source line and a caret; `colour` for a terminal. */
void diagnostic_print(const struct diagnostics *diagnostics, FILE *stream, bool colour);
void diagnostic_free(struct diagnostics *diagnostics);

/*
 * The candidate for which `word` may be a misspelling, or NULL. Candidates end with NULL;
 * two letters may differ, fewer in short words.
 */
const char *diagnostic_meant(const char *word, const char *const *candidates);

#endif
