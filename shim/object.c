/* SPDX-License-Identifier: MIT */
/*
 * Symbols as ld.so(8) finds them: System V ABI, chapter 5, "Dynamic Linking", and the GNU hash table,
 * elf/dl-lookup.c. Every object in front of libc, and libc itself, was searched by the loader for
 * the symbols of the program, so the tables are as sound as the loader needs them.
 */
#include "object.h"

#include <string.h>

#include <sys/auxv.h>

#if defined(__hppa__) || defined(__ia64__)
#error "where a pointer to a function is no address, the loader alone can make one"
#endif

static const void *
at_address(ElfW(Addr) address)
{
	return (const void *)address;
}

bool
object_holds(const struct object *object, const void *address)
{
	ElfW(Addr) offset = (ElfW(Addr))address - object->base;

	for (unsigned i = 0; i < object->segment_count; i++) {
		const ElfW(Phdr) *segment = &object->segments[i];

		if (segment->p_type == PT_LOAD && offset - segment->p_vaddr < segment->p_memsz)
			return true;
	}
	return false;
}

/*
 * A table of the object. glibc has made addresses out of the offsets that are in the file, but not on
 * every machine, nor where they cannot be written (the kernel's vdso); musl leaves all as they are.
 */
static const void *
table_at(const struct object *object, ElfW(Addr) value)
{
	const void *address = at_address(value);

	if (object_holds(object, address))
		return address;
	address = at_address(object->base + value);
	return object_holds(object, address) ? address : NULL;
}

static void
read_dynamic(struct object *object, const ElfW(Dyn) * entry)
{
	for (; entry->d_tag != DT_NULL; entry++) {
		ElfW(Addr) table = entry->d_un.d_ptr;

		switch (entry->d_tag) {
		case DT_SYMTAB:
			object->symbols = table_at(object, table);
			break;
		case DT_STRTAB:
			object->strings = table_at(object, table);
			break;
		case DT_VERSYM:
			object->versions = table_at(object, table);
			break;
		case DT_GNU_HASH:
			object->gnu_hash = table_at(object, table);
			break;
		case DT_HASH:
			object->system_hash = table_at(object, table);
			break;
		default:
			break;
		}
	}
}

struct object
object_of(const struct dl_phdr_info *info)
{
	return (struct object){ .base = info->dlpi_addr,
		.segments = info->dlpi_phdr,
		.segment_count = info->dlpi_phnum };
}

void
object_read(struct object *object)
{
	for (unsigned i = 0; i < object->segment_count; i++)
		if (object->segments[i].p_type == PT_DYNAMIC)
			read_dynamic(
			    object, at_address(object->base + object->segments[i].p_vaddr));
	if (object->symbols == NULL || object->strings == NULL) {
		object->gnu_hash = NULL;
		object->system_hash = NULL;
	}
}

/* Whether it is the definition of a function of this name, and no older version of one. */
static bool
is_definition(const struct object *object, size_t index, const char *name)
{
	enum { VERSION_HIDDEN = 0x8000, VERSION_FIRST = 2 };
	const ElfW(Sym) *symbol = &object->symbols[index];
	unsigned type = ELF32_ST_TYPE(symbol->st_info); /* the same in both classes */

	if (symbol->st_shndx == SHN_UNDEF || symbol->st_value == 0)
		return false;
	if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
		return false;
	if (object->versions != NULL && object->versions[index] >= (VERSION_HIDDEN | VERSION_FIRST))
		return false;
	return strcmp(object->strings + symbol->st_name, name) == 0;
}

static uint32_t
gnu_hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name != '\0'; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

/* 0 where there is none. */
static size_t
find_by_gnu_hash(const struct object *object, const char *name)
{
	enum { WORD = 8 * sizeof(ElfW(Addr)) };
	const uint32_t *table = object->gnu_hash;
	uint32_t bucket_count = table[0], first = table[1], bloom_size = table[2];
	const ElfW(Addr) *bloom = (const void *)(table + 4);
	const uint32_t *buckets = (const void *)(bloom + bloom_size);
	const uint32_t *chain = buckets + bucket_count;
	uint32_t hash = gnu_hash_of(name);
	ElfW(Addr) word = bloom[hash / WORD % bloom_size];
	uint32_t index;

	if ((word >> hash % WORD & word >> (hash >> table[3]) % WORD & 1) == 0 || bucket_count == 0)
		return 0;
	index = buckets[hash % bucket_count];
	if (index < first)
		return 0;
	for (;; index++) {
		if ((chain[index - first] | 1) == (hash | 1) && is_definition(object, index, name))
			return index;
		if ((chain[index - first] & 1) != 0)
			return 0;
	}
}

static uint32_t
system_hash_of(const char *name)
{
	uint32_t hash = 0;

	for (; *name != '\0'; name++) {
		hash = (hash << 4) + (unsigned char)*name;
		hash ^= hash >> 24 & 0xf0;
	}
	return hash & 0x0fffffff;
}

static size_t
find_by_system_hash(const struct object *object, const char *name)
{
	const object_hash_word *table = object->system_hash;
	const object_hash_word *buckets = table + 2, *chain = buckets + table[0];
	size_t index = 0;

	if (table[0] != 0)
		index = buckets[system_hash_of(name) % table[0]];
	while (index != 0 && !is_definition(object, index, name))
		index = chain[index];
	return index;
}

/*
 * What such a symbol's chooser is given differs: nothing on x86; elsewhere AT_HWCAP first, and on some
 * machines a pointer to a structure, or a function, which choosers do without: sysdeps/ * /dl-irel.h.
 */
static void *
ask(ElfW(Addr) address)
{
	struct {
		unsigned long size, first, second;
	} capabilities = { sizeof(capabilities), getauxval(AT_HWCAP), getauxval(AT_HWCAP2) };
	void *(*choose)(unsigned long, const void *, const void *);
	unsigned long first = capabilities.first;

	memcpy(&choose, &address, sizeof(choose));
#ifdef __aarch64__
	first |= 1UL << 62; /* _IFUNC_ARG_HWCAP: there is a structure */
	return choose(first, &capabilities, NULL);
#elif defined(__powerpc__)
	return choose(first, (const void *)capabilities.second, NULL);
#else
	return choose(first, NULL, NULL);
#endif
}

void *
object_find(const struct object *object, const char *name)
{
	const ElfW(Sym) * symbol;
	ElfW(Addr) address;
	size_t index = 0;

	if (object->gnu_hash != NULL)
		index = find_by_gnu_hash(object, name);
	else if (object->system_hash != NULL)
		index = find_by_system_hash(object, name);
	if (index == 0)
		return NULL;
	symbol = &object->symbols[index];
	address = object->base + symbol->st_value;
	if (ELF32_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
		return ask(address);
	return (void *)address;
}
