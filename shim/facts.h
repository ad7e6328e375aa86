/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_FACTS_H
#define KASHIM_FACTS_H

#include "path.h"
#include "policy.h"

/* Room for what facts refer to. */
struct facts_room {
	char executed[PATH_LONGEST];
	char image[PATH_LONGEST];
	char *arguments; /* a mapping of ARGUMENTS_ROOM bytes, or NULL */
};

/*
 * Find out about this program what the rules of a policy ask for, and no more: each fact costs
 * system calls. What cannot be found out (no /proc, no memory) is unknown, and conditions on it do
 * not hold. `arguments` are as the kernel gave them to the program, or NULL where they are not known
 * any more. Release with facts_free().
 */
struct facts facts_of_program(
    const struct policy *policy, char **arguments, struct facts_room *room);
void facts_free(struct facts_room *room);

/* Whether a rule asks for any of them. */
bool facts_matter(const struct policy *policy);

/*
 * The file that the kernel runs, a script's interpreter; in `room`, of PATH_LONGEST. NULL where
 * it is not known, or where it has the name of the file that was executed.
 */
const char *facts_other_image(char **arguments, char *room);

#endif
