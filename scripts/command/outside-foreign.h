/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_FOREIGN_H
#define KASHIM_OUTSIDE_FOREIGN_H

#include "outside-process.h"

/*
 * A configuration that a process names. It may be anything: a device, a link out of a container, a
 * file system that does not answer, a million rules. So it is read by another process, with the
 * rights and below the root directory of the one that named it, with little memory and without
 * capabilities; and what comes back is the compiled policy, in which every index is checked.
 */
struct foreign {
	struct policy policy;
	void *image; /* what the policy points into; never freed, for a child that ends soon */
};

enum foreign_end {
	FOREIGN_READ,
	FOREIGN_WRONG,     /* it is in error, or a file of it is not what it should be */
	FOREIGN_REFUSED,   /* nothing can be read with the rights of the process */
	FOREIGN_TOO_LARGE, /* it needs more memory, or time, than it may */
};

/* Read `conf`; it is the caller's. Waits as long as the file system does: see bounded.h. */
enum foreign_end foreign_read(
    struct foreign *foreign, const struct process *process, const char *conf);

#endif
