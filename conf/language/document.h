/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_DOCUMENT_H
#define KASHIM_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "diagnostic.h"

/* One file of a configuration, or its drop-in directory: what was there when it was read. */
struct document {
	char *path;     /* as a person would name it */
	char *absolute; /* as it is recorded */
	bool exists;
	struct stat stat;
	char *text; /* ends with a NUL; NULL where it could not be read, and for the directory */
};

/*
 * The documents of a configuration: the drop-ins in the order of their names, then the file itself.
 */
struct documents {
	struct document *document;
	size_t count;
	struct document directory;
};

enum { DOCUMENT_LARGEST = 1024 * 1024 }; /* bytes */

/*
 * Read a configuration and its drop-ins, all below `root` ("" for the running system). A file must
 * be a regular one, of at most DOCUMENT_LARGEST bytes, without NUL bytes, not writable by everyone;
 * where it is not, a diagnostic is added. A file that does not exist is no error. Opening never waits,
 * not even for a FIFO.
 */
void documents_read(const char *root, const char *conf, struct documents *documents,
    struct diagnostics *diagnostics);
void documents_free(struct documents *documents);

/*
 * From now on open files by this descriptor of /proc/self/fd, for a caller that is about to change
 * its root directory.
 */
void document_reopen_by(int descriptors);

/*
 * Whether a file could change again without a new mtime: a clock tick is the grain of mtime, so a
 * file that was written in the very tick in which it was read may have changed since and look the
 * same. Waits until that is over, 20 ms at most; read again when it returns true.
 */
bool documents_wait_for_tick(const struct documents *documents);

#endif
