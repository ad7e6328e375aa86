/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_FUZZ_H
#define KASHIM_FUZZ_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What has to hold for every input; the fuzzer keeps an input for which it does not. */
#define CLAIM(condition) ((condition) ? (void)0 : abort())

/* Called by libFuzzer for each input. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as a string, to be freed. It ends at its first NUL. */
static inline char *
fuzz_string(const uint8_t *data, size_t size)
{
	char *string = malloc(size + 1);

	CLAIM(string != NULL);
	if (size != 0)
		memcpy(string, data, size);
	string[size] = '\0';
	return string;
}

#endif
