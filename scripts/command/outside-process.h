/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_PROCESS_H
#define KASHIM_OUTSIDE_PROCESS_H

#include <sys/types.h>

#include "outside-holder.h"
#include "path.h"
#include "policy.h"

/* What a process may have of arguments, and of environment: execve(2) allows less. */
enum { PROCESS_WORDS_MOST = 8 * 1024 * 1024 };

/*
 * A running process, seen from outside: proc(5), pidfd_open(2). Much of it is what the process
 * wants us to see, and reading that can take for ever: only in a child, see bounded.h.
 */
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
	uint32_t user; /* effective user id */
	pid_t parent;
	bool is_elsewhere;  /* its root directory is not ours */
	bool has_shim;      /* libkashim.so is loaded in it, */
	bool has_old_shim;  /* but its file is not the one that stands there now */
	bool has_variable;  /* it was started with our library in LD_PRELOAD */
	char *conf, *line;  /* with the shim: its own KASHIM_CONF and KASHIM, or NULL */
	bool is_reached;    /* without: a preload could reach it; */
	char unreached[80]; /* if not, what it is: "static", "Go" and the like */
};

/*
 * Look at a process, or at the thread that stands for it. Returns false where it has ended since it
 * was found, or is a thread of the kernel. Close with process_close() where there is one.
 */
bool process_open(const struct holder *holder, struct process *process);
void process_close(struct process *process);

/* Part of it: what its directory tells. */
void process_look(struct process *process);

/* The same for one whose number is all that is known. */
bool process_open_pid(pid_t pid, struct process *process);

/* Whether it has ended since. Changes errno. */
bool process_has_ended(const struct process *process);

/* The facts, for policy_match(). They refer to the process. */
struct facts process_facts(const struct process *process);

/*
 * Whether this is the program that someone means: its pid, or a shell pattern for the last part of
 * the path that was executed, or of the program behind it. process_number(): the pid, or -1 where it
 * is a pattern.
 */
long process_number(const char *wanted);
bool process_is(const struct process *process, const char *wanted);

#endif
