/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_HOLDER_H
#define KASHIM_OUTSIDE_HOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A socket among the descriptors of a holder; of several descriptors of one socket, the lowest. */
struct held {
	uint64_t inode;
	int fd;
};

/*
 * A process that holds sockets. A thread with descriptors of its own, unshare(CLONE_FILES), is
 * another holder of the same process; where the first thread of a process has ended, another one
 * stands for it.
 */
struct holder {
	pid_t pid, tid; /* the same, unless a thread is meant */
	/* with the pid, this is one process and no other, whoever has its number later */
	uint64_t started;
	char command[64];  /* as comm in proc(5) */
	uint32_t user;     /* the owner of /proc/PID */
	bool passes_on;    /* makes sockets for others: the first process, inetd */
	int refused;       /* why its descriptors may not be looked at, an errno */
	struct held *held; /* by inode */
	size_t count;
};

/* Who holds which socket. */
struct holding {
	uint64_t inode;
	uint32_t holder; /* an index */
	bool visited;    /* for the caller; of the first one of an inode */
};

struct holders {
	struct holder *holder; /* the eldest first */
	size_t count;
	struct holding *holding; /* by inode; that of the owner first, see holders_owner() */
	size_t holdings;
};

/* Whether a socket matters. */
typedef bool holder_wants(uint64_t inode, const void *context);

/*
 * Look at all processes but this one, and at their sockets, or those that `wants` wants unless that
 * is NULL. Nothing of a process but /proc is touched. Free with holders_free().
 */
struct holders holders_find(holder_wants *wants, const void *context);
void holders_free(struct holders *holders);

/* Part of it: put them and their holdings in order. */
void holders_note_owners(struct holders *holders);

/* Its /proc/PID, or that of the thread; -1 where it is gone. */
int holder_open(const struct holder *holder);

/* Look once more at one that was refused: while it becomes another program, nobody may look. */
void holder_retry(struct holders *holders, struct holder *holder);

/*
 * Where the holdings of a socket start, or NULL. The first of them is that of its owner: the eldest
 * process that holds it, for that one made it. What passes sockets on comes last.
 */
struct holding *holders_owner(const struct holders *holders, uint64_t inode);

#endif
