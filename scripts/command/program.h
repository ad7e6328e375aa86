/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_PROGRAM_H
#define KASHIM_PROGRAM_H

#include <stdbool.h>

#include "path.h"
#include "policy.h"
#include "text.h"

/* What would run, found out before it does: the same facts that the shim finds inside. */
struct program {
	char executed[PATH_LONGEST]; /* the file that execve(2) would get, absolute */
	/* the program that the kernel would run: of a script, its interpreter */
	char image[PATH_LONGEST];
	char *arguments; /* as in /proc/PID/cmdline */
	size_t arguments_size;
};

/*
 * Find a program as execvp(3) does, and follow its #! lines. Returns 0, or with a message in
 * `error` 127 where there is none and 126 where it cannot be executed. Free with program_free() in
 * either case.
 */
int program_find(char *const *arguments, struct program *program, struct text *error);
void program_free(struct program *program);

/* The facts for policy_match(): the user is our effective user. They refer to the program. */
struct facts program_facts(const struct program *program);

/*
 * Whether a preload can reach the program. Says why or why not: "dynamic, 64-bit, not set-uid",
 * "static: ...".
 */
bool program_is_reached(const struct program *program, struct text *why);

/* Say on stderr that a program cannot be reached, why, and what to do; `runs`: it runs anyway. */
void program_print_unreached(const struct program *program, const char *why, bool runs);

#endif
