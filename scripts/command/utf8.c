/* SPDX-License-Identifier: MIT */
#include "utf8.h"

#include <stdint.h>

/* Whether a code point of this size could not be written shorter, and is none of the surrogates. */
static int
is_allowed(uint32_t point, size_t size)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };

	return point >= smallest[size] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

size_t
utf8_size(const char *string)
{
	unsigned char first = (unsigned char)*string;
	uint32_t point;
	size_t size;

	if (first < 0x80)
		return 1;
	if (first < 0xc0 || first > 0xf7)
		return 0;
	size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	point = first & (0xffU >> (size + 1));
	for (size_t i = 1; i < size; i++) {
		if ((string[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (string[i] & 0x3fU);
	}
	return is_allowed(point, size) ? size : 0;
}

size_t
utf8_width(const char *string)
{
	size_t width = 0;

	for (; *string != '\0'; string++)
		width += (*string & 0xc0) != 0x80;
	return width;
}
