/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_TESTS_SCRATCH_H
#define KASHIM_TESTS_SCRATCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A directory for all that tests write: made before the first test, removed after the last. */
void scratch_begin(void);
void scratch_end(void);

/* A fixture: a new empty directory in there becomes the working directory. */
void scratch_enter(void);

/* Write a file in the working directory; the second one with this mode. */
void scratch_write(const char *name, const char *text);
void scratch_write_bytes(const char *name, const void *bytes, size_t size, mode_t mode);

/* Append to a file's path that of the working directory: the caller frees it. */
char *scratch_path(const char *name);

/* A text as of printf(3), valid until seven more were made: of at most 4095 bytes. */
__attribute__((format(printf, 1, 2))) const char *scratch_text(const char *format, ...);

/* The next number below `limit` of a series that is the same in every run. */
uint32_t scratch_random(uint32_t limit);

#endif
