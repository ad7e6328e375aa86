/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_FINDING_H
#define KASHIM_OUTSIDE_FINDING_H

#include "outside-verdict.h"

enum finding_kind {
	FINDING_SOCKET,
	FINDING_PROCESS, /* a process of which nothing more is known than what `note` says */
	FINDING_MEANT,   /* not for callers: which operands mean the process */
};

/* What was found out about one socket, and what was done. Nothing of it is open any more. */
struct finding {
	enum finding_kind kind;
	pid_t pid;           /* 0 where no process was found that holds it */
	const char *program; /* NULL for that */
	bool knows_shim, has_shim;
	struct outside_socket socket; /* without a copy, and without defaults */
	bool is_read;                 /* what only the socket itself can tell is known */
	struct verdict verdict;
	const char *note;          /* for people; "" where there is nothing to say */
	int why;                   /* why it could not be read, an errno; or 0 */
	struct settings after;     /* what it has now */
	uint32_t changed, refused; /* options that were set, or that the kernel refused to set */
};

/* One of a process; the strings stay the caller's. */
struct finding finding_of_process(pid_t pid, const char *program, const char *note, int why);

/* One of a socket that is only listed. */
struct finding finding_of_listed(const struct listed *listed);

/* Send a finding by bounded_send(), and read one from such a message, to which its strings refer. */
void finding_send(int out, struct finding finding);
bool finding_receive(const void *message, size_t size, struct finding *finding);

#endif
