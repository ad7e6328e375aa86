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

#endif
