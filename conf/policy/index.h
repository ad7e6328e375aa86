/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_INDEX_H
#define KASHIM_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "compiled.h"

/*
 * A large compiled policy starts with an index by program name, so that a program reads what
 * concerns it and no more: fresh pages for a thousand rules would cost more than all the rest of
 * its start. The file is
 *
 *	a header, a table of slots, and parts: each one a compiled policy as compiled.h has it.
 *
 * A part is for programs whose base name has one hash, and lacks the rules that only name others.
 * One is for all programs that no rule names, and one is whole. Numbers are little-endian, and each
 * of header, slot and part has a check of its own: what is read is sound, or known to be damaged.
 * Pure; the files are read and written elsewhere.
 */
struct index_part {
	uint32_t offset, size; /* in the file, in bytes */
};

struct index_slot {
	uint32_t hash;
	struct index_part part; /* offset 0: nothing is here */
	uint32_t check;
};

struct index {
	uint32_t slot_count; /* a power of two, below INDEX_SLOTS_MOST */
	struct index_part whole, others;
};

/* A hash stands in one of so many slots from its place on; the table has that many more. */
enum {
	INDEX_SLOTS_MOST = 1 << 20,
	INDEX_HEADER = 40,
	INDEX_PROBES = 8,
	INDEX_PROBED = INDEX_PROBES * sizeof(struct index_slot)
};

/* Of the last part of a path. Never 0. */
uint32_t index_hash(const char *path);

/* The first INDEX_HEADER bytes of a file of `file_size`. COMPILED_FOREIGN: it has no index. */
enum compiled_state index_read(const void *bytes, size_t file_size, struct index *index);

/* Where in the file the INDEX_PROBED bytes are that tell about a hash. */
size_t index_place(const struct index *index, uint32_t hash);

/*
 * What these bytes tell: COMPILED_GOOD, and `*part` is the part for this hash, or is left as it is
 * where there is none.
 */
enum compiled_state index_find(
    const void *probed, size_t file_size, uint32_t hash, struct index_part *part);

/* The bytes of a header. */
void index_write(const struct index *index, void *bytes);

/*
 * Put a part into the table that starts with `slots`, all zero at first. Returns false when its
 * slots are taken: the table has to be larger.
 */
bool index_put(const struct index *index, void *slots, uint32_t hash, struct index_part part);

#endif
