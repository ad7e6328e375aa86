/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_CONFINE_H
#define KASHIM_CONFINE_H

#include "filter.h"
#include "load.h"

/*
 * The program is about to put a seccomp filter on itself, which knows the program's own calls, and
 * not ours. Where the program could use TCP sockets under it, and would end by one of the calls that we
 * would make for them, all sockets are left alone from now on: those that listen pass on what they
 * have. A filter that answers such a call with an error changes nothing. errno stays.
 *
 * Filters that are put on by the bare system call, or before the program starts, are not seen.
 */

/* By prctl(2); `filter` is what the program gave, in its own memory. */
void confine_with(const struct loaded *loaded, const struct filter *filter);

/* By libseccomp's seccomp_load(3). */
void confine_with_libseccomp(const struct loaded *loaded, const void *context);

#endif
