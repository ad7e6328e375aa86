/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_LIBC_H
#define KASHIM_LIBC_H

#include <stdbool.h>
#include <stddef.h>

/* The same library serves programs of glibc and of musl. */

/* In glibc alone. */
extern const char *gnu_get_libc_version(void) __attribute__((weak));

/* Whether the program has glibc. */
static inline bool
libc_is_glibc(void)
{
	return gnu_get_libc_version != NULL;
}

#endif
