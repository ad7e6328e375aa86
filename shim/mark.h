/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_MARK_H
#define KASHIM_MARK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "inline.h"
#include "policy.h"

/*
 * What is remembered of a descriptor's number: what it was when it was seen last. It can be out of
 * date, since numbers are closed and come back by calls that are not seen: fclose(3),
 * close_range(2), dup(2), a child of vfork(2), another thread's table. So it only saves questions;
 * what a decision depends on is asked of the kernel, or stands in record.h.
 */
enum mark {
	MARK_UNKNOWN,
	MARK_LOCAL,      /* a socket made here, of a family other than IPv4 and IPv6 */
	MARK_OTHER,      /* a socket of IPv4 or IPv6, but not TCP */
	MARK_TCP,        /* a TCP socket that carries the policy, and so does what it accepts */
	MARK_LATE,       /* a listener that got the policy late: what it accepts may lack it */
	MARK_CONNECTING, /* MARK_TCP, but what waits for the connection is still to be set */
};

/* All that changes once the program runs, in memory of its own. */
struct kept {
	atomic_flag reported;
	atomic_bool lacks_retransmit_max, asked_retransmit_max; /* see in_flight.h */
	atomic_bool has_defaults;
	atomic_long listener_adopted; /* the last time, kernel_clock() */
	struct settings defaults;
};

struct marks {
	_Atomic unsigned char *mark; /* for each descriptor */
	unsigned count;
	struct kept *kept; /* NULL where there is no memory */
};
extern struct marks marks HIDDEN;

/* Make room for it. Where there is none, every descriptor stays unknown. */
void mark_begin(void);

/* Beyond the largest descriptor that is remembered, everything is unknown. */
INLINE enum mark
mark_of(int fd)
{
	if ((unsigned)fd >= marks.count)
		return MARK_UNKNOWN;
	return (enum mark)atomic_load_explicit(&marks.mark[fd], memory_order_relaxed);
}

INLINE void
mark_put(int fd, enum mark mark)
{
	/* Most descriptors are no sockets: do not touch a page for what it says already. */
	if ((unsigned)fd < marks.count &&
	    atomic_load_explicit(&marks.mark[fd], memory_order_relaxed) != mark)
		atomic_store_explicit(&marks.mark[fd], (unsigned char)mark, memory_order_relaxed);
}

/* Whether this was called before, or could not be remembered. */
bool mark_reported(void);

#endif
