/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_FILE_H
#define KASHIM_OUTSIDE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Files of /proc/PID, proc(5). They have no size, and some grow as large as the process wants. */

/*
 * The whole of a file that has at most `most` bytes; it ends with a NUL. NULL where it cannot be
 * read, with errno; EFBIG where it is larger. Free it.
 */
char *file_read(int directory, const char *name, size_t most, size_t *size);

/* What a link says, without what the kernel adds when the file is gone. `path` has PATH_LONGEST
 * bytes. */
bool file_read_link(int directory, const char *name, char *path);

/*
 * Whether `word` stands in a file of any size, and which byte follows it; '\0' where nothing does.
 */
bool file_find(int directory, const char *name, const char *word, char *next);

/* The text of /proc/PID/status, or NULL. Free it. */
char *file_read_status(int directory);

/* The numbers of a line in it, "\nUid:" or "\nGid:". Returns false where there is none. */
enum { FILE_ID_REAL, FILE_ID_EFFECTIVE, FILE_ID_SAVED, FILE_ID_FILES, FILE_IDS };
bool file_find_ids(const char *status, const char *key, uint32_t ids[FILE_IDS]);

/* What stands in /proc/PID/stat. */
struct file_stat {
	char command[64];
	char state;
	pid_t parent;
	long threads;
	uint64_t started; /* in ticks since the host was started */
};
bool file_read_stat(int directory, struct file_stat *stat);

#endif
