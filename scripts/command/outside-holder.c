/* SPDX-License-Identifier: MIT */
#include "outside-holder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/kcmp.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "allocate.h"
#include "outside-file.h"

/* Of one process: descriptors of one table, which is fs.nr_open by default; tables; threads. */
enum { DESCRIPTORS_MOST = 1 << 20, TABLES_MOST = 64, THREADS_MOST = 1 << 16 };

struct search {
	struct holders *holders;
	holder_wants *wants;
	const void *context;
};

static int
by_inode(const void *a, const void *b)
{
	const struct held *first = a;
	const struct held *second = b;

	if (first->inode != second->inode)
		return first->inode < second->inode ? -1 : 1;
	return first->fd - second->fd;
}

/* Of the descriptors of one socket the lowest stays. */
static size_t
take_out_copies(struct held *held, size_t count)
{
	size_t kept = 0;

	if (count == 0)
		return 0;
	qsort(held, count, sizeof(*held), by_inode);
	for (size_t i = 0; i < count; i++)
		if (i == 0 || held[i].inode != held[kept - 1].inode)
			held[kept++] = held[i];
	return kept;
}

/* The sockets among the descriptors of a table; `directory` is that of the process or thread. */
static void
find_sockets(const struct search *search, struct holder *holder, int directory)
{
	int fd = openat(directory, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	holder->refused = listing == NULL ? errno : 0;
	if (listing == NULL)
		return;
	for (int i = 0; i < DESCRIPTORS_MOST && (entry = readdir(listing)) != NULL; i++) {
		struct held held = { .fd = (int)strtol(entry->d_name, NULL, 10) };
		char target[40];
		ssize_t size = readlinkat(fd, entry->d_name, target, sizeof(target) - 1);

		if (size == -1)
			continue;
		target[size] = '\0';
		if (strncmp(target, "socket:[", 8) != 0)
			continue;
		held.inode = strtoull(target + 8, NULL, 10);
		if (search->wants != NULL && !search->wants(held.inode, search->context))
			continue;
		holder->held = grow_or_exit(holder->held, holder->count, sizeof(held));
		holder->held[holder->count++] = held;
	}
	closedir(listing);
	holder->count = take_out_copies(holder->held, holder->count);
}

static void
append(struct holders *holders, const struct holder *holder)
{
	holders->holder = grow_or_exit(holders->holder, holders->count, sizeof(*holder));
	holders->holder[holders->count++] = *holder;
}

/* Whether a thread has the same descriptors as another one; where nobody knows, it has. */
static bool
shares_table(pid_t tid, pid_t other)
{
	return syscall(SYS_kcmp, tid, other, KCMP_FILES, 0L, 0L) <= 0;
}

static bool
has_table(int directory)
{
	struct file_stat stat;

	return file_read_stat(directory, &stat) && stat.state != 'Z' && stat.state != 'X';
}

/* The threads of a process that have descriptors of their own, each of them once. */
static void
find_threads(const struct search *search, const struct holder *process, int directory, bool leads)
{
	int fd = openat(directory, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	pid_t table[TABLES_MOST];
	int tables = 0;

	if (listing == NULL)
		return;
	if (leads)
		table[tables++] = process->pid;
	for (int i = 0; i < THREADS_MOST && (entry = readdir(listing)) != NULL; i++) {
		struct holder thread = *process;
		int same = 0, of_thread;

		thread.tid = (pid_t)strtol(entry->d_name, NULL, 10);
		if (thread.tid <= 0 || thread.tid == process->pid)
			continue;
		while (same < tables && !shares_table(thread.tid, table[same]))
			same++;
		if (same < tables || tables == TABLES_MOST)
			continue;
		of_thread = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (of_thread == -1)
			continue;
		if (has_table(of_thread)) {
			table[tables++] = thread.tid;
			find_sockets(search, &thread, of_thread);
			append(search->holders, &thread);
		}
		close(of_thread);
	}
	closedir(listing);
}

/* What hands the sockets that it makes to other programs, and keeps a copy. */
static bool
passes_on(const struct holder *holder)
{
	return holder->pid == 1 || strcmp(holder->command, "systemd") == 0 ||
	       strcmp(holder->command, "inetd") == 0 || strcmp(holder->command, "xinetd") == 0;
}

/*
 * A process whose threads have all ended has no table any more, and one of the kernel's no files.
 */
static void
find_process(const struct search *search, int proc, const char *name)
{
	struct holder holder = { .pid = (pid_t)strtol(name, NULL, 10) };
	struct file_stat found;
	struct stat owner;
	int directory;

	if (holder.pid <= 0 || holder.pid == getpid())
		return;
	directory = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory == -1)
		return;
	holder.tid = holder.pid;
	if (file_read_stat(directory, &found) && fstat(directory, &owner) == 0) {
		bool leads = found.state != 'Z' && found.state != 'X';

		memcpy(holder.command, found.command, sizeof(holder.command));
		holder.started = found.started;
		holder.user = owner.st_uid;
		holder.passes_on = passes_on(&holder);
		if (leads) {
			find_sockets(search, &holder, directory);
			if (holder.refused != ENOENT && holder.refused != ESRCH)
				append(search->holders, &holder);
			holder.held = NULL;
			holder.count = 0;
		}
		if (found.threads > 1 && holder.refused == 0)
			find_threads(search, &holder, directory, leads);
	}
	close(directory);
}

struct holders
holders_find(holder_wants *wants, const void *context)
{
	struct holders holders = { 0 };
	struct search search = { &holders, wants, context };
	DIR *listing = opendir("/proc");
	const struct dirent *entry;

	if (listing == NULL) {
		fprintf(stderr, "kashim: /proc: %s\n", strerror(errno));
		return holders;
	}
	while ((entry = readdir(listing)) != NULL)
		find_process(&search, dirfd(listing), entry->d_name);
	closedir(listing);
	holders_note_owners(&holders);
	return holders;
}

void
holders_free(struct holders *holders)
{
	for (size_t i = 0; i < holders->count; i++)
		free(holders->holder[i].held);
	free(holders->holder);
	free(holders->holding);
	*holders = (struct holders){ 0 };
}

int
holder_open(const struct holder *holder)
{
	char path[64];

	if (holder->tid == holder->pid)
		snprintf(path, sizeof(path), "/proc/%d", (int)holder->pid);
	else
		snprintf(
		    path, sizeof(path), "/proc/%d/task/%d", (int)holder->pid, (int)holder->tid);
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void
holder_retry(struct holders *holders, struct holder *holder)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	struct search search = { holders, NULL, NULL };
	int directory;

	nanosleep(&moment, NULL);
	directory = holder_open(holder);
	if (directory == -1)
		return;
	find_sockets(&search, holder, directory);
	close(directory);
}
