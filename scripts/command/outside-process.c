/* SPDX-License-Identifier: MIT */
#include "outside-process.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/syscall.h>

#include "outside-file.h"

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
		process_look(process);
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
	       fnmatch(wanted, path_base(process->image), 0) == 0;
}
