/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_RIGHTS_H
#define KASHIM_OUTSIDE_RIGHTS_H

#include "outside-process.h"

/* What a process may open: the user and group for files, and the other groups, of its status. */
struct rights {
	uid_t user;
	gid_t group;
	gid_t *groups;
	size_t count;
};

/*
 * Find them out. Returns false where that is not possible. The groups are never freed: it is for a
 * child that ends soon.
 */
bool rights_read(struct rights *rights, const struct process *process);

/*
 * Open files from now on as the process would: below its root directory, in the directory in which
 * it works, as its user, without any capability. Where the configuration `conf` is not there, below
 * the root of its mount namespace, as when the process started: chroot(2) comes later. For a child,
 * for there is no way back. Returns false where it cannot be done.
 */
bool rights_take(const struct rights *rights, const struct process *process, const char *conf);

#endif
