/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_PAGE_H
#define KASHIM_PAGE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Pages have 4, 16 or 64 KiB, and on some machines the kernel alone knows: AT_PAGESZ of getauxval(3),
 * a power of two, is `page`.
 */

/* Where the page starts that has this byte. */
static inline uintptr_t
page_start(uintptr_t at, size_t page)
{
	return at & ~(uintptr_t)(page - 1);
}

/* Where the last page ends that has one of the bytes before this one. */
static inline uintptr_t
page_end(uintptr_t at, size_t page)
{
	return page_start(at + page - 1, page);
}

#endif
