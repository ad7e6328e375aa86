/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_MEMORY_H
#define KASHIM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether the program's memory can be read there, as the kernel would find: a wrapper must not
 * crash where a system call returns EFAULT. At most a page, so both ends tell. Changes errno.
 */
bool memory_is_readable(const void *start, size_t size);

/*
 * Memory of our own, in pages of zeros, without malloc(3): mmap(2). Pages that are not touched cost
 * nothing. NULL where there is none. Who maps it gives it back, or keeps it for good.
 */
void *memory_map(size_t size);
void memory_unmap(void *start, size_t size);

/* From now on it can only be read. `start` is where a page starts. */
void memory_seal(const void *start, size_t size);

/*
 * The same for all that the library itself can write: what the loader has relocated, and every
 * variable. One call, and one page, for both: so the linker is not asked for a part of its own that
 * the loader would make read-only before our constructor runs ("relro"). With glibc only; elsewhere
 * it does nothing.
 */
void memory_seal_library(void);

/* It can be written again. */
void memory_open_library(void);

#endif
