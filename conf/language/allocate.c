/* SPDX-License-Identifier: MIT */
#include "allocate.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void
give_up(void)
{
	fputs("kashim: out of memory\n", stderr);
	exit(125);
}

void *
allocate_or_exit(void *block, size_t size)
{
	void *moved = realloc(block, size);

	if (moved == NULL)
		give_up();
	return moved;
}

void *
grow_or_exit(void *array, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return array;
	return allocate_or_exit(array, (count == 0 ? 1 : 2 * count) * size);
}

char *
copy_or_exit(const char *start, size_t size)
{
	char *copied = allocate_or_exit(NULL, size + 1);

	memcpy(copied, start, size);
	copied[size] = '\0';
	return copied;
}

char *
format_or_exit(const char *format, ...)
{
	va_list arguments;
	char *text;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size == -1)
		give_up();
	return text;
}

FILE *
stream_or_exit(char **text, size_t *size)
{
	FILE *stream = open_memstream(text, size);

	if (stream == NULL)
		give_up();
	return stream;
}
