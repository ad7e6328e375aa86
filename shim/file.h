/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_FILE_H
#define KASHIM_FILE_H

#include <stdint.h>

/* What stat(2) says about a file, as far as the shim asks. */
struct file {
	uint64_t device, inode, size;
	uint32_t mode, user;
	uint32_t changed, changed_nsec; /* st_mtim; of the seconds the lower 32 bits */
};

/*
 * By the kernel's own call: fstatat(2) as a symbol is no older than glibc 2.33, and statx(2) is a
 * call that neither old kernels nor the filters of old sandboxes know. `flags` are those of
 * fstatat(2). Returns 0, or -1 with errno.
 */
int file_look(int directory, const char *path, int flags, struct file *file);

/*
 * The number of a socket's inode, or 0 for what is none. No file system is asked for an answer:
 * AT_STATX_DONT_SYNC, which fstatat(2) takes since Linux 4.11. Changes errno.
 */
uint64_t file_socket(int fd);

#endif
