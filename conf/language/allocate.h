/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_ALLOCATE_H
#define KASHIM_ALLOCATE_H

#include <stddef.h>
#include <stdio.h>

/* Memory that is there, or else the program says so and exits with 125. Not for the shim. */

/* realloc(3). */
void *allocate_or_exit(void *block, size_t size);

/*
 * Room for one item more in an array that has `count` items of `size` bytes: the array, perhaps
 * elsewhere. It starts as NULL, and grows in no other way; it doubles, so nothing has to remember
 * its room.
 */
void *grow_or_exit(void *array, size_t count, size_t size);

/* A copy of `size` bytes as a string. To be freed. */
char *copy_or_exit(const char *start, size_t size);

/* asprintf(3). */
__attribute__((format(printf, 1, 2))) char *format_or_exit(const char *format, ...);

/* open_memstream(3). */
FILE *stream_or_exit(char **text, size_t *size);

#endif
