/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_MARK_H
#define KASHIM_MARK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "inline.h"

enum mark_kind {
	MARK_UNKNOWN, /* never seen */
	MARK_OTHER,   /* a socket, but not TCP */
	MARK_TCP,     /* a TCP socket that carries the policy */
};

/*
 * What the shim knows of a descriptor, so that no socket costs its options twice. It lasts until
 * the descriptor is closed by close(2), or another one takes its place; where libc closes one by
 * itself, as in fclose(3), it stays. A child of vfork(2) shares it and may end it early, and then
 * the socket is adopted once more.
 */
struct mark {
	unsigned kind : 2;
	unsigned mptcp : 1;   /* the kernel does not pass a user timeout on to its connections */
	unsigned decided : 1; /* its connection is known; the rules that look at it have spoken */
	unsigned late : 1;    /* a listener that got the policy late, see `number` */
	unsigned asked : 11;  /* options that the program set itself, and got: 1 << option */
	/*
	 * The connection rule that decided, from 1; 0 for what the other rules say. Of a late
	 * listener: how many connections in its queue may lack the policy.
	 */
	unsigned number : 16;
};
_Static_assert(sizeof(struct mark) == sizeof(uint32_t), "a mark is one word");

/* Where all that lies that changes once the program runs. */
struct marks {
	_Atomic uint32_t *word; /* for each descriptor, so that threads need no lock */
	unsigned count;
	atomic_flag *reported;
};
extern struct marks marks HIDDEN;

/* Make room for it. Where there is none, every descriptor stays unknown, as before the call. */
void mark_begin(void);

/*
 * Beyond the largest descriptor that is remembered, everything is unknown and nothing is kept.
 * Here, and not in mark.c, since every close(2) comes by.
 */
INLINE struct mark
mark_of(int fd)
{
	struct mark mark = { .kind = MARK_UNKNOWN };
	uint32_t word;

	if ((unsigned)fd >= marks.count)
		return mark;
	word = atomic_load_explicit(&marks.word[fd], memory_order_relaxed);
	memcpy(&mark, &word, sizeof(mark));
	return mark;
}

INLINE void
mark_put(int fd, struct mark mark)
{
	uint32_t word;

	memcpy(&word, &mark, sizeof(word));
	/* Most descriptors are no sockets: do not touch a page for what it says already. */
	if ((unsigned)fd < marks.count &&
	    atomic_load_explicit(&marks.word[fd], memory_order_relaxed) != word)
		atomic_store_explicit(&marks.word[fd], word, memory_order_relaxed);
}

/* The connection rule that decided, from 1, or 0. */
unsigned mark_rule(struct mark mark);

/* Make it the mark of a late listener with `count` connections in its queue; of no late one for 0.
 */
void mark_late(struct mark *mark, uint32_t count);

/* Whether the connection that was just accepted may lack the policy; it is taken from the number.
 */
bool mark_take_queued(int listener);

/* Whether this was called before, or could not be remembered. */
bool mark_reported(void);

#endif
