/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_PROCESS_H
#define KASHIM_OUTSIDE_PROCESS_H

#include <sys/types.h>

#include "path.h"
#include "policy.h"

/* A running process, seen from outside: proc(5), pidfd_open(2). */
struct process {
	pid_t pid;
	int directory;    /* /proc/PID: it stays this process's, whoever gets its number later */
	int pidfd;        /* -1 where there is none to be had */
	int refused;      /* why it may not be looked at, an errno; 0 where it may */
	const char *name; /* what people call it: a script's name, or the program's */
	char executed[PATH_LONGEST]; /* "" where that is unknown */
	char image[PATH_LONGEST];
	char command[64]; /* as comm in proc(5) */
	char *arguments;  /* as in /proc/PID/cmdline */
	size_t arguments_size;
	uint32_t user;      /* effective user id */
	bool has_shim;      /* libkashim.so is loaded in it, */
	bool has_old_shim;  /* but its file is not the one that stands there now */
	char *conf, *line;  /* with the shim: its own KASHIM_CONF and KASHIM, or NULL */
	bool is_reached;    /* without: a preload could reach it; */
	char unreached[80]; /* if not, what it is: "static", "Go" and the like */
};

/*
 * Look at a process. Returns false where there is none, it has ended, or it is a thread of the
 * kernel. Close with process_close() where there is one.
 */
bool process_open(pid_t pid, struct process *process);
void process_close(struct process *process);

/*
 * Whether it may really not be looked at: while it becomes another program, in execve(2), nobody
 * may for a moment. Waits one millisecond; changes errno.
 */
bool process_is_refused(const struct process *process);

/* Whether it has ended since. Changes errno. */
bool process_has_ended(const struct process *process);

/* The facts, for policy_match(). They refer to the process. */
struct facts process_facts(const struct process *process);

/*
 * Whether this is the program that someone means: its pid, or a shell pattern for the last part of
 * the path that was executed, or of the program behind it.
 */
bool process_is(const struct process *process, const char *wanted);

#endif
