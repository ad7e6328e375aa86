/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_DESCRIPTORS_H
#define KASHIM_DESCRIPTORS_H

#include <stdint.h>

/* What descriptors there are, at the cost of a few system calls and without /proc. */

enum { DESCRIPTORS_AT_ONCE = 64 };

/* A number that no open descriptor reaches. Mostly 64. Changes errno. */
int descriptors_end(void);

/* Of 64 of them, as bits: which are open, and which a program could write to now. */
struct descriptors {
	uint64_t open, writable;
};

/* The 64 from `first` on. One may be called open that is not. Changes errno. */
struct descriptors descriptors_look(int first);

#endif
