/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_INSTALLED_H
#define KASHIM_INSTALLED_H

/*
 * Where the parts of kashim are: beside this program where libkashim.so lies there, as in the tree
 * in which they were built, else where they were installed. Nothing that a user can set decides.
 * Paths are kept until the program ends.
 */

/* The path of the library. */
const char *installed_library(void);

/* The path of this program. */
const char *installed_program(void);

/* The path of kashim-rescue(8). */
const char *installed_rescue(void);

/*
 * Become one of the programs behind this one, "kashim-system" and the like, with these arguments;
 * NULL at the end. Returns only where it is missing, with the exit status; says so.
 */
int installed_become(const char *name, const char *const *arguments);

#endif
