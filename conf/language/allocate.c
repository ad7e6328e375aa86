/* SPDX-License-Identifier: MIT */
#include "allocate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
allocate_or_exit(void *block, size_t size)
{
	void *moved = realloc(block, size);

	if (moved == NULL) {
		fputs("kashim: out of memory\n", stderr);
		exit(125);
	}
	return moved;
}

char *
copy_or_exit(const char *start, size_t size)
{
	char *copied = allocate_or_exit(NULL, size + 1);

	memcpy(copied, start, size);
	copied[size] = '\0';
	return copied;
}
