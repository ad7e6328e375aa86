/* SPDX-License-Identifier: MIT */
/* A library for LD_AUDIT that looks at each symbol that is bound, and changes nothing. */
#include <link.h>
#include <stdint.h>

unsigned
la_version(unsigned version)
{
	return version;
}

unsigned
la_objopen(struct link_map *map, Lmid_t space, uintptr_t *cookie)
{
	(void)map, (void)space, (void)cookie;
	return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

uintptr_t
la_symbind64(Elf64_Sym *symbol, unsigned index, uintptr_t *reference, uintptr_t *definition,
    unsigned *flags, const char *name)
{
	(void)index, (void)reference, (void)definition, (void)flags, (void)name;
	return symbol->st_value;
}
