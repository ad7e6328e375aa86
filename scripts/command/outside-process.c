/* SPDX-License-Identifier: MIT */
#include "outside-process.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/syscall.h>

#include "allocate.h"
#include "outside-file.h"
#include "program.h"

/* Older headers of libc do not have them: linux 5.1, 5.3, 6.9. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL
#endif

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* A value of a vector of 32-bit or 64-bit words, 0 where it is not there: getauxval(3). */
static uint64_t
find_auxiliary(const char *vector, size_t size, size_t word, uint64_t wanted)
{
	for (size_t at = 0; at + 2 * word <= size; at += 2 * word) {
		uint64_t type = 0, value = 0;

		memcpy(&type, vector + at, word);
		memcpy(&value, vector + at + word, word);
		if (type == wanted)
			return value;
	}
	return 0;
}

/* The file that was executed, as the shim finds it inside: a script has its own name. */
static void
put_executed(struct process *process, uint64_t at)
{
	char name[PATH_LONGEST] = "", here[PATH_LONGEST];
	struct text text = text_in(process->executed, sizeof(process->executed));
	int memory = at == 0 ? -1 : openat(process->directory, "mem", O_RDONLY | O_CLOEXEC);

	/* It stands at the very end of the stack, so that less can be read than is asked for. */
	if (memory != -1) {
		if (pread(memory, name, sizeof(name) - 1, (off_t)at) <= 0)
			*name = '\0';
		close(memory);
	}
	if (*name == '\0' || (*name != '/' && !file_read_link(process->directory, "cwd", here))) {
		text_put(&text, process->image);
		return;
	}
	path_put_absolute(&text, here, name);
}

/* Returns whether the loader ran in secure-execution mode, in which variables count for nothing. */
static bool
read_auxiliary(struct process *process)
{
	enum { VECTOR_MOST = 64 * 1024 };
	size_t size, word = 8;
	char *vector = file_read(process->directory, "auxv", VECTOR_MOST, &size);
	uint64_t executed = 0;
	bool is_secure = true;

	if (vector != NULL) {
		executed = find_auxiliary(vector, size, word, AT_EXECFN);
		if (executed == 0)
			executed = find_auxiliary(vector, size, word = 4, AT_EXECFN);
		is_secure = find_auxiliary(vector, size, word, AT_SECURE) != 0;
	}
	free(vector);
	put_executed(process, executed);
	return is_secure;
}

/* The effective user id; the owner of /proc/PID is root where the process is not dumpable. */
static void
read_user(struct process *process)
{
	char *status = file_read_status(process->directory);
	uint32_t ids[FILE_IDS];

	if (status != NULL && file_find_ids(status, "\nUid:", ids))
		process->user = ids[FILE_ID_EFFECTIVE];
	free(status);
}

/* The line of a library's mapping ends with its path; see proc(5), maps. */
static void
find_shim(struct process *process)
{
	char next = '\0';

	if (!file_find(process->directory, "maps", "/libkashim.so", &next))
		return;
	process->has_shim = next == '\n' || next == ' ';
	process->has_old_shim = process->has_shim && next == ' ';
}

/*
 * A variable of those that the process was started with; the shim reads them then, and only then.
 */
static const char *
find_variable(const char *environment, size_t size, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = environment; at < environment + size; at += strlen(at) + 1)
		if (strncmp(at, name, length) == 0 && at[length] == '=')
			return at[length + 1] == '\0' ? NULL : at + length + 1;
	return NULL;
}

static char *
copy(const char *string)
{
	return string == NULL ? NULL : copy_or_exit(string, strlen(string));
}

static void
read_variables(struct process *process, bool is_secure)
{
	size_t size;
	char *environment = file_read(process->directory, "environ", PROCESS_WORDS_MOST, &size);
	const char *preload;

	if (environment == NULL) {
		process->refused = errno == EFBIG ? EFBIG : process->refused;
		return;
	}
	preload = find_variable(environment, size, "LD_PRELOAD");
	process->has_variable = preload != NULL && strstr(preload, "libkashim.so") != NULL;
	if (process->has_shim && !is_secure) {
		process->line = copy(find_variable(environment, size, "KASHIM"));
		process->conf = copy(find_variable(environment, size, "KASHIM_CONF"));
	}
	free(environment);
}

static void
find_reach(struct process *process)
{
	struct program program = { 0 };
	struct text why = text_in(process->unreached, sizeof(process->unreached));

	/* Through the link, which also leads to a file that is gone or lies in a container. */
	snprintf(program.image, sizeof(program.image), "/proc/self/fd/%d/exe", process->directory);
	process->is_reached = program_is_reached(&program, &why);
	process->unreached[strcspn(process->unreached, ":")] = '\0';
}

/* Another root has its own /etc/ld.so.preload, and its own /etc/kashim.conf. */
static bool
is_elsewhere(int directory)
{
	struct stat here, there;

	return stat("/", &here) == 0 && fstatat(directory, "root", &there, 0) == 0 &&
	       (here.st_dev != there.st_dev || here.st_ino != there.st_ino);
}

static void
look(struct process *process)
{
	bool is_secure;

	read_user(process);
	process->arguments =
	    file_read(process->directory, "cmdline", PROCESS_WORDS_MOST, &process->arguments_size);
	if (process->arguments == NULL && errno == EFBIG)
		process->refused = EFBIG;
	process->name = process->command;
	if (!file_read_link(process->directory, "exe", process->image)) {
		/* A thread of the kernel has none, and an exited process none any more. */
		process->refused = errno == ENOENT ? ESRCH : errno;
		return;
	}
	is_secure = read_auxiliary(process);
	process->name = base_name(process->executed);
	process->is_elsewhere = is_elsewhere(process->directory);
	find_shim(process);
	read_variables(process, is_secure);
	if (!process->has_shim)
		find_reach(process);
}

/* Whether the process behind a pidfd is still there, or has not been waited for yet. */
static bool
is_there(int pidfd)
{
	return pidfd == -1 || syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0U) == 0 ||
	       errno != ESRCH;
}

/*
 * The number was taken before the directory was opened, and is still taken: so both are the same.
 */
static int
open_directory(const struct holder *holder, int pidfd)
{
	int directory = holder_open(holder);

	if (directory == -1 || is_there(pidfd))
		return directory;
	close(directory);
	return -1;
}

/* That of the process with this start; of a thread, that of its process counts. */
static bool
is_same(const struct holder *holder, struct process *process)
{
	struct file_stat stat, leader;
	int directory;
	bool same = false;

	if (!file_read_stat(process->directory, &stat))
		return false;
	memcpy(process->command, stat.command, sizeof(process->command));
	process->parent = stat.parent;
	if (holder->tid == holder->pid)
		return holder->started == 0 || stat.started == holder->started;
	directory = openat(process->directory, "../..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory != -1) {
		same = file_read_stat(directory, &leader) && leader.started == holder->started;
		close(directory);
	}
	return same;
}

bool
process_open(const struct holder *holder, struct process *process)
{
	unsigned flags = holder->tid == holder->pid ? 0 : PIDFD_THREAD;

	*process = (struct process){ .pid = holder->pid };
	process->pidfd = (int)syscall(SYS_pidfd_open, holder->tid, flags);
	process->directory = open_directory(holder, process->pidfd);
	if (process->directory == -1) {
		if (process->pidfd != -1)
			close(process->pidfd);
		return false;
	}
	if (is_same(holder, process)) {
		look(process);
		if (process->refused != ESRCH)
			return true;
	}
	process_close(process);
	return false;
}

bool
process_open_pid(pid_t pid, struct process *process)
{
	const struct holder holder = { .pid = pid, .tid = pid };

	return process_open(&holder, process);
}

bool
process_has_ended(const struct process *process)
{
	char path[PATH_LONGEST];

	return !file_read_link(process->directory, "exe", path) &&
	       (errno == ENOENT || errno == ESRCH);
}

void
process_close(struct process *process)
{
	free(process->arguments);
	free(process->conf);
	free(process->line);
	close(process->directory);
	if (process->pidfd != -1)
		close(process->pidfd);
}

struct facts
process_facts(const struct process *process)
{
	return (struct facts){
		.executed = *process->executed == '\0' ? NULL : process->executed,
		.image = *process->image == '\0' ? NULL : process->image,
		.arguments = process->arguments,
		.arguments_size = process->arguments_size,
		.user = process->user,
	};
}

long
process_number(const char *wanted)
{
	bool is_number = *wanted != '\0' && strspn(wanted, "0123456789") == strlen(wanted);

	return is_number ? strtol(wanted, NULL, 10) : -1;
}

bool
process_is(const struct process *process, const char *wanted)
{
	if (process_number(wanted) != -1)
		return process_number(wanted) == process->pid;
	return fnmatch(wanted, process->name, 0) == 0 ||
	       fnmatch(wanted, base_name(process->image), 0) == 0;
}
