/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_COMPILED_H
#define KASHIM_COMPILED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

/*
 * The compiled policy: a header, the arrays of struct policy as 32-bit words, the strings. Words
 * are little-endian on every machine. The checksum covers everything behind itself.
 */
enum {
	COMPILED_VERSION = 2,
	COMPILED_SMALL = 2048,              /* bytes; up to this the shim reads it to its stack */
	COMPILED_LARGEST = 8 * 1024 * 1024, /* bytes; a reader refuses more */
};

struct compiled_header {
	char magic[8];
	uint32_t checksum[2]; /* low half first */
	uint32_t version;
	uint32_t size; /* of the whole file in bytes, a multiple of 8 */
	uint32_t source_count, profile_count, settings_count, rule_count, word_count, strings_size;
	uint32_t log, retries, defaults;
};

enum compiled_state {
	COMPILED_GOOD,
	COMPILED_FOREIGN, /* not a compiled policy */
	COMPILED_VERSION_OTHER,
	COMPILED_DAMAGED,
};

/* How large the compiled form of a policy is, in bytes. */
size_t compiled_size(const struct policy *policy);

/* Write it to `image`, which has compiled_size() bytes and is aligned for 32-bit words. */
void compiled_write(const struct policy *policy, void *image);

/*
 * Read an image of `size` bytes, aligned for 32-bit words. Every index in it is checked, so that
 * using the policy cannot leave the image. The policy points into the image, which stays the
 * caller's; on a big-endian machine its words are turned in place. On failure the policy is not
 * touched.
 */
enum compiled_state compiled_read(void *image, size_t size, struct policy *policy);

/* What is wrong, for a message. */
const char *compiled_problem(enum compiled_state state);

#endif
