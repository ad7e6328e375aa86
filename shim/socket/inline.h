/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_INLINE_H
#define KASHIM_INLINE_H

/*
 * The shim is compiled for size, since pages cost a start more than instructions do. What every
 * network call of a program comes by is compiled in place in spite of that, and what is seldom
 * needed there is kept out of it, so that no registers are saved for it.
 */
#define INLINE static inline __attribute__((always_inline))
#define COLD __attribute__((noinline))

/*
 * Of variables: the library's own, which the compiler shall reach without asking the loader where.
 */
#define HIDDEN __attribute__((visibility("hidden")))

#endif
