/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_LIBRARY_H
#define KASHIM_LIBRARY_H

#include <stdbool.h>

#include "text.h"

/* The library, for the commands that have other programs load it: system, enable, disable. */

/* Where the loader looks for libraries that every program of the host loads: ld.so(8). */
#define LIBRARY_PRELOAD_FILE "/etc/ld.so.preload"

/* The path of the library, without symbolic links. */
const char *library_path(void);

/*
 * Whether the library, below `root` ("" for the running system), can be loaded into every program:
 * it is there, every program sees it, the loader takes its path, and nobody but root can change it.
 * Says why not, and what to do.
 */
bool library_is_fit(const char *root, struct text *why);

/* Whether nobody but root can change what a path leads to, and everybody can read it; or why not. */
bool library_is_safe(const char *root, const char *path, struct text *why);

/* What LIBRARY_PRELOAD_FILE loads as libkashim.so, or NULL. To be freed. */
char *library_preloaded(void);

/* Whether the loader takes our library for such a line: $LIB stands for "lib", "lib64", ... */
bool library_is(const char *line);

#endif
