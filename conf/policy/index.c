/* SPDX-License-Identifier: MIT */
#include "index.h"

#include <endian.h>
#include <string.h>

static const char magic[8] = { '\x7f', 'k', 'a', 's', 'h', 'i', 'm', 'i' };

enum { HEADER_WORDS = INDEX_HEADER / sizeof(uint32_t), CHECKED_WORDS = 8 };

/* FNV-1a, 32 bits. */
enum { FNV_PRIME = 16777619 };
static const uint32_t fnv_start = 2166136261;

static uint32_t
mix(uint32_t sum, uint32_t byte)
{
	return (sum ^ byte) * FNV_PRIME;
}

static uint32_t
sum_of(const uint32_t *words, size_t count)
{
	uint32_t sum = fnv_start;

	for (size_t i = 0; i < count; i++)
		for (int shift = 0; shift < 32; shift += 8)
			sum = mix(sum, words[i] >> shift & 0xff);
	return sum;
}

uint32_t
index_hash(const char *path)
{
	const char *slash = strrchr(path, '/');
	uint32_t hash = fnv_start;

	for (const char *at = slash == NULL ? path : slash + 1; *at != '\0'; at++)
		hash = mix(hash, (unsigned char)*at);
	return hash == 0 ? 1 : hash;
}

static void
get_words(uint32_t *words, const void *bytes, size_t count)
{
	memcpy(words, bytes, count * sizeof(*words));
	for (size_t i = 0; i < count; i++)
		words[i] = le32toh(words[i]);
}

static void
put_words(void *bytes, uint32_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		words[i] = htole32(words[i]);
	memcpy(bytes, words, count * sizeof(*words));
}

static bool
is_within(struct index_part part, size_t file_size)
{
	return part.offset >= INDEX_HEADER && part.offset % sizeof(uint64_t) == 0 &&
	       part.offset <= file_size && part.size <= file_size - part.offset;
}

enum compiled_state
index_read(const void *bytes, size_t file_size, struct index *index)
{
	uint32_t word[HEADER_WORDS];
	struct index found;

	if (file_size < INDEX_HEADER || memcmp(bytes, magic, sizeof(magic)) != 0)
		return COMPILED_FOREIGN;
	get_words(word, bytes, HEADER_WORDS);
	if (word[2] != COMPILED_VERSION)
		return COMPILED_VERSION_OTHER;
	found = (struct index){ word[3], { word[4], word[5] }, { word[6], word[7] } };
	if (word[CHECKED_WORDS] != sum_of(word, CHECKED_WORDS) || word[CHECKED_WORDS + 1] != 0)
		return COMPILED_DAMAGED;
	if (found.slot_count == 0 || found.slot_count > INDEX_SLOTS_MOST ||
	    (found.slot_count & (found.slot_count - 1)) != 0)
		return COMPILED_DAMAGED;
	if (!is_within(found.whole, file_size) || !is_within(found.others, file_size) ||
	    index_place(&found, found.slot_count - 1) + INDEX_PROBED > file_size)
		return COMPILED_DAMAGED;
	*index = found;
	return COMPILED_GOOD;
}

void
index_write(const struct index *index, void *bytes)
{
	uint32_t word[HEADER_WORDS] = { 0, 0, COMPILED_VERSION, index->slot_count,
		index->whole.offset, index->whole.size, index->others.offset, index->others.size };

	get_words(word, magic, sizeof(magic) / sizeof(*word));
	word[CHECKED_WORDS] = sum_of(word, CHECKED_WORDS);
	put_words(bytes, word, HEADER_WORDS);
}

size_t
index_place(const struct index *index, uint32_t hash)
{
	return INDEX_HEADER + (hash & (index->slot_count - 1)) * sizeof(struct index_slot);
}

enum { SLOT_WORDS = sizeof(struct index_slot) / sizeof(uint32_t) };

static uint32_t
check_of(const struct index_slot *slot)
{
	uint32_t word[] = { slot->hash, slot->part.offset, slot->part.size };

	return sum_of(word, sizeof(word) / sizeof(*word));
}

static struct index_slot
slot_at(const void *slots, size_t number)
{
	uint32_t word[SLOT_WORDS];

	get_words(word, (const char *)slots + number * sizeof(struct index_slot), SLOT_WORDS);
	return (struct index_slot){ word[0], { word[1], word[2] }, word[3] };
}

/* A slot that nobody wrote is all zero, whatever its check would be. */
static bool
is_empty(const struct index_slot *slot)
{
	return slot->hash == 0 && slot->part.offset == 0 && slot->part.size == 0 &&
	       slot->check == 0;
}

enum compiled_state
index_find(const void *probed, size_t file_size, uint32_t hash, struct index_part *part)
{
	for (size_t i = 0; i < INDEX_PROBES; i++) {
		struct index_slot slot = slot_at(probed, i);

		if (is_empty(&slot))
			return COMPILED_GOOD;
		if (slot.check != check_of(&slot) || !is_within(slot.part, file_size))
			return COMPILED_DAMAGED;
		if (slot.hash == hash) {
			*part = slot.part;
			return COMPILED_GOOD;
		}
	}
	return COMPILED_GOOD;
}

bool
index_put(const struct index *index, void *slots, uint32_t hash, struct index_part part)
{
	char *at = (char *)slots + index_place(index, hash) - INDEX_HEADER;

	for (size_t i = 0; i < INDEX_PROBES; i++, at += sizeof(struct index_slot)) {
		struct index_slot slot = slot_at(at, 0);

		if (is_empty(&slot)) {
			uint32_t word[SLOT_WORDS] = { hash, part.offset, part.size };

			slot = (struct index_slot){ .hash = hash, .part = part };
			word[3] = check_of(&slot);
			put_words(at, word, SLOT_WORDS);
			return true;
		}
	}
	return false;
}
