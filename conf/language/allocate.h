/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_ALLOCATE_H
#define KASHIM_ALLOCATE_H

#include <stddef.h>

/* realloc(3) that says so and exits with 125 on failure. Not for the shim. */
void *allocate_or_exit(void *block, size_t size);

/* A copy of `size` bytes as a string, the same way. To be freed. */
char *copy_or_exit(const char *start, size_t size);

#endif
