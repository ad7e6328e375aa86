/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_EXCERPT_H
#define KASHIM_EXCERPT_H

#include <stddef.h>

#include "policy.h"

/*
 * The compiled form of a policy as it goes into a file: as compiled.h has it, or where that is
 * large, with an index by program name and an excerpt for each name, see index.h. A program is
 * decided alike by either. Returns the bytes, which are the caller's to free(3), and how many they
 * are. Exits without memory.
 */
char *excerpt_compile(const struct policy *policy, size_t *size);

#endif
