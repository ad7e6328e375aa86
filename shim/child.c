/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "kernel.h"
#include "path.h"

/*
 * The program must not notice its child: it may wait for any child, count SIGCHLD, be PID 1 or a
 * subreaper. A child that was cloned without a signal sends none, but execve(2) gives it SIGCHLD
 * again. So there are two: a supervisor, without a signal and without execve, and below it the
 * compiler, for which only the supervisor waits.
 */

enum { COMPILER_SECONDS = 2, PATIENCE_MS = 2500 };

#ifndef KASHIM_BINDIR
#define KASHIM_BINDIR "/usr/local/bin"
#endif

/*
 * A copy of this process and its memory, as fork(2) makes it, without pthread_atfork(3) handlers.
 * clone(2).
 */
static pid_t
copy_process(int signal)
{
	/* A debugger that follows children stays with the program. */
	long flags = (long)signal | CLONE_UNTRACED;

#ifdef __s390x__
	return (pid_t)syscall(SYS_clone, 0L, flags, 0L, 0L, 0L);
#else
	return (pid_t)syscall(SYS_clone, flags, 0L, 0L, 0L, 0L);
#endif
}

/* What must not reach the compiler: the shim itself, and what was meant for the shim. */
static void
drop_variables(char **environment)
{
	char **kept = environment;

	for (char **variable = environment; *variable != NULL; variable++)
		if (strncmp(*variable, "LD_PRELOAD=", 11) != 0 &&
		    strncmp(*variable, "KASHIM", 6) != 0)
			*kept++ = *variable;
	*kept = NULL;
}

/* The number that a name of /proc/self/fd is, or -1. */
static int
read_descriptor(const char *name)
{
	int number = 0;

	if (*name < '0' || *name > '9')
		return -1;
	for (; *name >= '0' && *name <= '9'; name++)
		number = number * 10 + (*name - '0');
	return number;
}

/* One by one, as /proc says; struct linux_dirent64 of getdents64(2). Returns whether it could. */
static bool
close_listed(int first)
{
	enum { LENGTH = 16, NAME = 19 };
	_Alignas(uint64_t) char entries[1024];
	int list = kernel_open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	long size;

	if (list == -1)
		return false;
	while ((size = syscall(SYS_getdents64, list, entries, sizeof(entries))) > 0) {
		uint16_t length;

		for (long at = 0; at < size; at += length) {
			int fd = read_descriptor(entries + at + NAME);

			memcpy(&length, entries + at + LENGTH, sizeof(length));
			if (fd >= first && fd != list)
				kernel_close(fd);
		}
	}
	kernel_close(list);
	return size == 0;
}

/* All descriptors from this one on: by close_range(2), Linux 5.9, or as well as can be. */
static void
close_from(int first)
{
	enum { MOST = 1024 };

	if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0 || close_listed(first))
		return;
	for (int fd = first; fd < MOST; fd++)
		kernel_close(fd);
}

static void
exec_compiler(const char *directory, size_t size, const char *conf, char **environment)
{
	char path[PATH_LONGEST], file[PATH_LONGEST];
	char name[] = "kashim", compile[] = "compile", to_stdout[] = "--stdout", end[] = "--";
	char *arguments[] = { name, compile, to_stdout, end, file, NULL };
	struct text path_text = text_in(path, sizeof(path));
	struct text file_text = text_in(file, sizeof(file));

	text_put_bytes(&path_text, directory, size);
	text_put(&path_text, "/kashim");
	text_put(&file_text, conf);
	syscall(SYS_execve, path, arguments, environment);
}

/* In the copy: nothing here reaches the program. Returns only on failure. */
static void
become_compiler(const char *library, const char *conf, char **environment, int output)
{
	const char *slash = strrchr(library, '/');
	const char default_action[256] = { 0 }; /* whatever the kernel's struct sigaction is */
	const struct kernel_time alarm[] = { { 0, 0 }, { COMPILER_SECONDS, 0 } };
	struct kernel_signals signals = { 0 };

	/* However the configuration may hang, it dies by itself: the timer is kept over execve(2).
	 */
	syscall(SYS_rt_sigaction, SIGALRM, default_action, NULL, sizeof(signals));
	kernel_signals_add(&signals, SIGALRM);
	kernel_sigmask(SIG_UNBLOCK, &signals, NULL);
	syscall(SYS_setitimer, ITIMER_REAL, alarm, NULL);
	/* What is stopped gets no alarm: it goes when the supervisor is killed. */
	syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0L, 0L, 0L);

	if (kernel_dup3(output, STDOUT_FILENO, 0) == -1 ||
	    kernel_dup3(output, STDERR_FILENO, 0) == -1)
		return;
	kernel_close(STDIN_FILENO);
	kernel_open("/dev/null", O_RDONLY, 0);

	drop_variables(environment);
	if (slash != NULL)
		exec_compiler(library, (size_t)(slash - library), conf, environment);
	exec_compiler(KASHIM_BINDIR, sizeof(KASHIM_BINDIR) - 1, conf, environment);
}

/* A copy never goes on as the program, not even where a filter refuses exit_group(2). */
static _Noreturn void
end_copy(int status)
{
	syscall(SYS_exit_group, status);
	syscall(SYS_exit, status);
	__builtin_trap();
}

/*
 * The supervisor keeps the pipe alone: whatever becomes of the program, no socket and no file of it
 * stays open here. It ends with the program, too.
 */
static int
keep_alone(int output, long program)
{
	long parent;

	syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0L, 0L, 0L);
	/* 0: the program is in another pid namespace. */
	parent = syscall(SYS_getppid);
	if (parent != program && parent != 0)
		return -1;
	if (output != STDIN_FILENO)
		kernel_dup3(output, STDIN_FILENO, 0);
	close_from(STDIN_FILENO + 1);
	return STDIN_FILENO;
}

static _Noreturn void
supervise(const char *library, const char *conf, char **environment, int output, long program)
{
	pid_t compiler = -1;

	output = keep_alone(output, program);
	if (output != -1)
		compiler = copy_process(SIGCHLD);

	if (compiler == 0) {
		become_compiler(library, conf, environment, output);
		end_copy(127);
	}
	if (compiler != -1)
		syscall(SYS_wait4, compiler, NULL, 0, NULL);
	end_copy(0);
}

/*
 * Read until the other side ends or patience does. Sets how many bytes came; returns whether it
 * ended.
 */
static int
drain(int input, char *buffer, size_t size, size_t *got)
{
	long deadline = kernel_clock() + PATIENCE_MS;

	for (*got = 0; *got < size;) {
		struct pollfd ready = { .fd = input, .events = POLLIN };
		long left = deadline - kernel_clock();
		int count = left <= 0 ? 0 : kernel_poll(&ready, 1, (int)left);
		ssize_t part;

		if (count == -1 && errno == EINTR)
			continue;
		/* Patience is at its end, or a seccomp filter refuses to wait. */
		if (count != 1)
			return 0;
		part = kernel_read(input, buffer + *got, size - *got);
		if (part == 0)
			return 1;
		if (part > 0)
			*got += (size_t)part;
	}
	return 0;
}

ssize_t
child_compile(const char *library, const char *conf, char **environment, char *buffer, size_t size)
{
	struct kernel_signals all, before;
	long program = syscall(SYS_getpid);
	pid_t supervisor;
	size_t got = 0;
	int ends[2], blocked;

	if (syscall(SYS_pipe2, ends, O_CLOEXEC) == -1)
		return -1;
	/* No handler of the program may run in a copy of it. */
	memset(&all, 0xff, sizeof(all));
	blocked = kernel_sigmask(SIG_SETMASK, &all, &before);
	supervisor = copy_process(0);
	if (supervisor == 0)
		supervise(library, conf, environment, ends[1], program);
	if (blocked == 0)
		kernel_sigmask(SIG_SETMASK, &before, NULL);
	kernel_close(ends[1]);
	if (supervisor != -1) {
		if (!drain(ends[0], buffer, size, &got))
			syscall(SYS_kill, supervisor, SIGKILL);
		while (syscall(SYS_wait4, supervisor, NULL, __WALL, NULL) == -1 && errno == EINTR)
			continue;
	}
	kernel_close(ends[0]);
	return supervisor == -1 ? -1 : (ssize_t)got;
}
