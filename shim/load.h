/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_LOAD_H
#define KASHIM_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>

#include "inline.h"
#include "next.h"
#include "policy.h"

/* Of the texts below, with their NUL. */
enum { REPORT_LONGEST = 512, WHERE_LONGEST = 256 };

/*
 * What the shim knows inside a program. It is found out once and then never changes: the page that
 * holds it is read-only from then on.
 */
struct loaded {
	struct next next;
	bool is_plain; /* most: no rule waits for a connection, and there is nothing to report */
	struct settings settings;  /* for every socket; the mode is `off` where it is left alone */
	struct policy connections; /* rules that wait for a connection; mostly none */
	uint32_t retries;          /* see settings_resolve() */
	bool looks_at_local;       /* one of these looks at the program's own end */
	bool verbose;              /* say one line for each socket */
	const char *where;         /* the rule that `settings` come from: "FILE:LINE" */
	const char *log;           /* where reports go, as in kashim.conf(5); or "" */
	const char *problem;       /* a report for the first TCP socket, or "" */
	bool to_stderr;            /* reports go to standard error, as long as it is this file */
	dev_t stderr_device;
	ino_t stderr_inode;
};

/* As load() answers, once something is known. */
extern _Atomic(const struct loaded *) load_published HIDDEN;
const struct loaded *load_now(void);

/*
 * What is known. The first call of the program's first thread finds it out; before that and while
 * it lasts, and as long as the program has no environment yet, it is the system calls and a policy
 * that leaves everything alone. What was made meanwhile is brought in when it is used. Never NULL;
 * errno stays.
 */
INLINE const struct loaded *
load(void)
{
	const struct loaded *loaded = atomic_load_explicit(&load_published, memory_order_acquire);

	return loaded != NULL ? loaded : load_now();
}

/*
 * From now on nothing is done for any socket of this program: it is about to forbid itself what that
 * may take. What listens passes on what it has. errno stays.
 */
void load_leave_alone(const struct loaded *loaded);

/*
 * A TCP socket was made or accepted, while nothing was known yet: it gets the policy when something
 * is. Does nothing later, and for what a thread of another library's constructor makes.
 */
void load_remember(const struct loaded *loaded, int fd, enum direction direction);

/* Whether some rule waits for connections. Mostly none does, and then there is nothing to decide.
 */
static inline bool
load_waits(const struct loaded *loaded)
{
	return loaded->connections.rule_count != 0;
}

/* Whether there is nothing to do for any socket of this program. */
static inline bool
load_is_off(const struct loaded *loaded)
{
	return loaded->settings.mode == MODE_OFF && !load_waits(loaded);
}

#endif
