/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_DESCRIPTORS_H
#define KASHIM_DESCRIPTORS_H

#include <stdint.h>

/* Which descriptors are open, at the cost of a few system calls and without /proc. */

enum { DESCRIPTORS_AT_ONCE = 64 };

/* A number that no open descriptor reaches. Mostly 64. Changes errno. */
int descriptors_end(void);

/* Those that are open of the 64 from `first` on, as bits. May hold one that is not. Changes errno.
 */
uint64_t descriptors_open(int first);

#endif
