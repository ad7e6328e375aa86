/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <features.h>
#include <unistd.h>

#include <sys/syscall.h>

/*
 * The structure of the kernel has the same name as libc's, so <sys/stat.h> stays out. musl's headers are
 * not beside the kernel's, and a library that is built with musl runs with musl alone, where the
 * function has no version.
 */
#ifndef __GLIBC__
#include <sys/stat.h>
#define STATUS struct stat
#elif defined(SYS_newfstatat) && !defined(__loongarch__)
#include <asm/stat.h>
#define STATUS struct stat
#define CALL SYS_newfstatat
#elif defined(SYS_fstatat64)
#include <asm/stat.h>
#define STATUS struct stat64
#define CALL SYS_fstatat64
#else
#include <linux/stat.h>
#endif

#ifdef STATUS

/* Some machines have one field of two words for the time, some two fields; all have these names. */
int
file_look(int directory, const char *path, int flags, struct file *file)
{
	STATUS status;
	int result;

#ifdef CALL
	result = (int)syscall(CALL, directory, path, &status, flags);
#else
	result = fstatat(directory, path, &status, flags);
#endif
	if (result == -1)
		return -1;
	*file = (struct file){ .device = status.st_dev,
		.inode = status.st_ino,
		.size = (uint64_t)status.st_size,
		.mode = status.st_mode,
		.user = status.st_uid,
		.changed = (uint32_t)status.st_mtime,
#ifdef CALL
		.changed_nsec = (uint32_t)status.st_mtime_nsec };
#else
		.changed_nsec = (uint32_t)status.st_mtim.tv_nsec };
#endif
	return 0;
}

#else

/* The youngest machines have no other call. */
int
file_look(int directory, const char *path, int flags, struct file *file)
{
	struct statx status;

	if (syscall(SYS_statx, directory, path, flags, STATX_BASIC_STATS, &status) == -1)
		return -1;
	*file =
	    (struct file){ .device = (uint64_t)status.stx_dev_major << 32 | status.stx_dev_minor,
		    .inode = status.stx_ino,
		    .size = status.stx_size,
		    .mode = status.stx_mode,
		    .user = status.stx_uid,
		    .changed = (uint32_t)status.stx_mtime.tv_sec,
		    .changed_nsec = status.stx_mtime.tv_nsec };
	return 0;
}

#endif

/* Of the same value everywhere, but not in all headers: <linux/fcntl.h>, <linux/stat.h>. */
enum { EMPTY_PATH = 0x1000, DONT_SYNC = 0x4000, TYPE = 0170000, SOCKET = 0140000 };

uint64_t
file_socket(int fd)
{
	struct file file;

	if (file_look(fd, "", EMPTY_PATH | DONT_SYNC, &file) == -1 &&
	    (errno != EINVAL || file_look(fd, "", EMPTY_PATH, &file) == -1))
		return 0;
	return (file.mode & TYPE) == SOCKET ? file.inode : 0;
}
