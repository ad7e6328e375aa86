/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_VARIABLES_H
#define KASHIM_VARIABLES_H

#include <stdbool.h>

/*
 * What the environment says to the shim, read once, when it is loaded: later the program may change
 * or clear it. Strings belong to the environment; NULL where a variable is not set or empty.
 */
struct variables {
	bool secure; /* set-uid, set-gid or file capabilities (AT_SECURE): nothing below is set */
	const char *conf;    /* KASHIM_CONF */
	const char *line;    /* KASHIM */
	const char *log;     /* KASHIM_LOG */
	bool verbose;        /* KASHIM_VERBOSE is set, and not to 0 */
	const char *preload; /* LD_PRELOAD */
	long only;           /* KASHIM_ONLY: the process that is meant, or 0 for every one */
	int passed; /* LISTEN_FDS, where LISTEN_PID is this process: how many descriptors */
};

/* The environment as it is now: an array that ends with NULL, or NULL while libc has none yet. */
char **variables_environment(void);

struct variables variables_read(char **environment);

/* Whether the library at this path is one of those that LD_PRELOAD names. */
bool variables_preload(const struct variables *variables, const char *library);

#endif
