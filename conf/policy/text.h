/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_TEXT_H
#define KASHIM_TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * A line of text that grows in the caller's buffer. It needs neither stdio nor memory, so that the
 * shim can use it inside other people's programs. What does not fit is left out; the text always
 * ends with a NUL.
 */
struct text {
	char *start;
	size_t size; /* of the buffer, NUL included; at least 1 */
	size_t used;
};

/* An empty text in this buffer of `size` bytes, at least 1. The buffer stays the caller's. */
struct text text_in(char *buffer, size_t size);

/* Append a string, its first `size` bytes, or a number in decimal. */
void text_put(struct text *text, const char *string);
void text_put_bytes(struct text *text, const char *bytes, size_t size);
void text_put_number(struct text *text, int64_t number);

/* Append seconds as people say them: "2m20s", "1h", "45s". */
void text_put_duration(struct text *text, int64_t seconds);

#endif
