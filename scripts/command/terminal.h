/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_TERMINAL_H
#define KASHIM_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What the reader of our output can show. In a pipe or file: no colour, ASCII, any width. */
struct terminal {
	bool is_terminal;
	bool colour;    /* and NO_COLOR is not set: https://no-color.org */
	bool utf8;      /* and the locale says UTF-8 */
	size_t columns; /* SIZE_MAX where it is no terminal */
};

/* Look at a descriptor. */
struct terminal terminal_of(int fd);

/*
 * Print a text that someone else wrote, a program's name for instance: control characters, with
 * which it could take over the terminal, and bytes that are no UTF-8 become "?".
 */
void terminal_put(FILE *out, const char *string);

#endif
