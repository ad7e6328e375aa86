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
 * nothing. NULL where there is none. Who maps it gives it back.
 */
void *memory_map(size_t size);
void memory_unmap(void *start, size_t size);

/* From now on it can only be read. `start` is where a page starts. */
void memory_seal(void *start, size_t size);

#endif
