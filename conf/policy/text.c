/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <string.h>

struct text
text_in(char *buffer, size_t size)
{
	buffer[0] = '\0';
	return (struct text){ .start = buffer, .size = size, .used = 0 };
}

void
text_put_bytes(struct text *text, const char *bytes, size_t size)
{
	size_t room = text->size - 1 - text->used;

	if (size > room)
		size = room;
	memcpy(text->start + text->used, bytes, size);
	text->used += size;
	text->start[text->used] = '\0';
}

void
text_put(struct text *text, const char *string)
{
	text_put_bytes(text, string, strlen(string));
}

void
text_put_number(struct text *text, int64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);
	uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest != 0);
	if (number < 0)
		text_put(text, "-");
	text_put_bytes(text, digits + at, sizeof(digits) - at);
}

void
text_put_duration(struct text *text, int64_t seconds)
{
	static const struct {
		const char *unit;
		int64_t seconds;
	} parts[] = { { "h", 3600 }, { "m", 60 }, { "s", 1 } };
	size_t before = text->used;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (seconds < parts[i].seconds)
			continue;
		text_put_number(text, seconds / parts[i].seconds);
		text_put(text, parts[i].unit);
		seconds %= parts[i].seconds;
	}
	if (text->used == before)
		text_put(text, "0s");
}
