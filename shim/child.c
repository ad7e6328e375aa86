/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/syscall.h>
#include <sys/wait.h>

#include "path.h"

/*
 * The program must not notice its child: it may wait for any child, count SIGCHLD, be PID 1 or a
 * subreaper. A child that was cloned without a signal sends none, but execve(2) gives it SIGCHLD
 * again. So there are two: a supervisor, without a signal and without execve, and below it the
 * compiler, for which only the supervisor waits.
 */

enum { COMPILER_SECONDS = 2, PATIENCE_MS = 2500 };

#ifndef KASHIM_LIBEXECDIR
#define KASHIM_LIBEXECDIR "/usr/local/libexec/kashim"
#endif

/*
 * A copy of this process and its memory, as fork(2) makes it, without pthread_atfork(3) handlers.
 * clone(2).
 */
static pid_t
copy_process(int signal)
{
#ifdef __s390x__
	return (pid_t)syscall(SYS_clone, 0L, (long)signal, 0L, 0L, 0L);
#else
	return (pid_t)syscall(SYS_clone, (long)signal, 0L, 0L, 0L, 0L);
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

static void
exec_compiler(const char *directory, size_t size, const char *conf, char **environment)
{
	char path[PATH_LONGEST], file[PATH_LONGEST];
	char name[] = "kashim-policy", compile[] = "compile", to_stdout[] = "--stdout",
	     end[] = "--";
	char *arguments[] = { name, compile, to_stdout, end, file, NULL };
	struct text path_text = text_in(path, sizeof(path));
	struct text file_text = text_in(file, sizeof(file));

	text_put_bytes(&path_text, directory, size);
	text_put(&path_text, "/kashim-policy");
	text_put(&file_text, conf);
	execve(path, arguments, environment);
}

/* In the copy: nothing here reaches the program. Returns only on failure. */
static void
become_compiler(const char *library, const char *conf, char **environment, int output)
{
	const char *slash = strrchr(library, '/');
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t blocked;
	int null;

	/* However the configuration may hang, it dies by itself: alarm(2) is kept over execve(2).
	 */
	sigaction(SIGALRM, &action, NULL);
	sigfillset(&blocked);
	sigdelset(&blocked, SIGALRM);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
	alarm(COMPILER_SECONDS);

	/* The pipe may have been given one of these numbers, and dup2(2) would leave it
	 * close-on-exec. */
	output = fcntl(output, F_DUPFD, STDERR_FILENO + 1);
	if (dup2(output, STDOUT_FILENO) == -1 || dup2(output, STDERR_FILENO) == -1)
		return;
	null = open("/dev/null", O_RDONLY);
	if (null > STDIN_FILENO)
		dup2(null, STDIN_FILENO);
	syscall(SYS_close_range, 3U, ~0U, 0U);

	drop_variables(environment);
	if (slash != NULL)
		exec_compiler(library, (size_t)(slash - library), conf, environment);
	exec_compiler(KASHIM_LIBEXECDIR, sizeof(KASHIM_LIBEXECDIR) - 1, conf, environment);
}

static void
supervise(const char *library, const char *conf, char **environment, int output)
{
	pid_t compiler = copy_process(SIGCHLD);

	if (compiler == 0) {
		become_compiler(library, conf, environment, output);
		_exit(127);
	}
	if (compiler != -1)
		waitpid(compiler, NULL, 0);
	_exit(0);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Read until the other side ends or patience does. Sets how many bytes came; returns whether it
 * ended.
 */
static int
drain(int input, char *buffer, size_t size, size_t *got)
{
	int64_t deadline = now_ms() + PATIENCE_MS;

	for (*got = 0; *got < size;) {
		struct pollfd ready = { .fd = input, .events = POLLIN };
		int64_t left = deadline - now_ms();
		ssize_t part;

		if (left <= 0)
			return 0;
		if (poll(&ready, 1, (int)left) != 1)
			continue;
		part = read(input, buffer + *got, size - *got);
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
	sigset_t all, before;
	pid_t supervisor;
	size_t got = 0;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		return -1;
	/* No handler of the program may run in a copy of it. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	supervisor = copy_process(0);
	if (supervisor == 0)
		supervise(library, conf, environment, ends[1]);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (supervisor != -1) {
		if (!drain(ends[0], buffer, size, &got))
			kill(supervisor, SIGKILL);
		while (waitpid(supervisor, NULL, __WALL) == -1 && errno == EINTR)
			continue;
	}
	close(ends[0]);
	return supervisor == -1 ? -1 : (ssize_t)got;
}
