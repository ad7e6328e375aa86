/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_LAUNCHER_H
#define KASHIM_OUTSIDE_LAUNCHER_H

#include "outside-process.h"
#include "program.h"

enum { LAUNCHER_LONGEST = 320 };

/*
 * What cleared the environment of a process that runs without the library although one above it has
 * it, and what helps, for people: "postfix's master clears the environment: ...". Empty where there
 * is nothing to say. `said` has LAUNCHER_LONGEST bytes.
 */
void launcher_find(char *said, const struct process *process);

/*
 * What helps for a program, by its name, that starts others with an environment of its own; NULL
 * where none is known to do so.
 */
const char *launcher_remedy(const char *program);

/* Say so on stderr before such a program is run. */
void launcher_warn(const struct program *program);

#endif
