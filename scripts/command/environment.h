/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_ENVIRONMENT_H
#define KASHIM_ENVIRONMENT_H

#include <stddef.h>

/*
 * The environment that a program gets from us: ours, byte for byte and in its order, whatever the
 * names are, but for the variables that are set here. Kept until the program replaces us.
 */
struct environment {
	char **variables; /* for execve(2) */
	size_t count;
};

struct environment environment_copy(void);

/*
 * Set a variable, in the place of the first of this name, and leave out others of this name; all of
 * them where the value is NULL.
 */
void environment_set(struct environment *environment, const char *name, const char *value);

/* Put a library in front of LD_PRELOAD, where it then stands once. */
void environment_preload(struct environment *environment, const char *library);

#endif
