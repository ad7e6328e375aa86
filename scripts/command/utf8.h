/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_UTF8_H
#define KASHIM_UTF8_H

#include <stddef.h>

/*
 * How many bytes the character at the start of a string has, 1 to 4, or 0 where it is no UTF-8:
 * RFC 3629, section 4. The string is not empty.
 */
size_t utf8_size(const char *string);

/* How many columns a string takes on a terminal: one for each character. */
size_t utf8_width(const char *string);

#endif
