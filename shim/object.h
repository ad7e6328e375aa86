/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OBJECT_H
#define KASHIM_OBJECT_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A word of DT_HASH is 32 bits wide, but for two machines whose ABI says otherwise: bits/elfclass.h.
 */
#if (defined(__s390x__) || defined(__alpha__)) && defined(__LP64__)
typedef uint64_t object_hash_word;
#else
typedef uint32_t object_hash_word;
#endif

/*
 * A program or library as ld.so(8) has mapped it, and the tables that dlsym(3) would look into.
 * They belong to the object; nothing is copied.
 */
struct object {
	ElfW(Addr) base; /* where its address 0 would be */
	const ElfW(Phdr) * segments;
	unsigned segment_count;
	const ElfW(Sym) * symbols;
	const char *strings;
	const ElfW(Half) * versions;         /* of each symbol; NULL where there are none */
	const uint32_t *gnu_hash;            /* one of these two, or neither: then it has no */
	const object_hash_word *system_hash; /* symbols that can be found */
};

/* What dl_iterate_phdr(3) says about an object, without the tables. */
struct object object_of(const struct dl_phdr_info *info);

/* Find the tables, for object_find(). The object has to be mapped, and relocated. */
void object_read(struct object *object);

/* Whether it lies in one of the object's segments. */
bool object_holds(const struct object *object, const void *address);

/*
 * The function of this name, in the version that is there for those that ask for none, or NULL. As
 * dlsym(3) has it, a symbol that chooses its function when it is first needed (STT_GNU_IFUNC) is
 * asked for its choice.
 */
void *object_find(const struct object *object, const char *name);

#endif
