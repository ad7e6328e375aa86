/* SPDX-License-Identifier: MIT */
#include "outside-process.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/syscall.h>
#include <sys/uio.h>

#include "allocate.h"
#include "program.h"

/* Older headers of libc do not have it: linux 5.3. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* The whole of a file that has no size; it ends with a NUL. NULL where it cannot be read. */
static char *
read_file(int directory, const char *name, size_t *size)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	char *bytes = NULL;
	ssize_t part = 1;

	*size = 0;
	if (fd == -1)
		return NULL;
	for (size_t room = 4096; part > 0; room *= 2) {
		bytes = allocate_or_exit(bytes, room + 1);
		while (*size < room && (part = read(fd, bytes + *size, room - *size)) > 0)
			*size += (size_t)part;
	}
	bytes[*size] = '\0';
	close(fd);
	if (part == 0)
		return bytes;
	free(bytes);
	return NULL;
}

/* A link of /proc/PID, without what the kernel adds when the file is gone. */
static bool
read_link(int directory, const char *name, char *path)
{
	static const char gone[] = " (deleted)";
	ssize_t size = readlinkat(directory, name, path, PATH_LONGEST - 1);
	size_t end = size == -1 ? 0 : (size_t)size;

	path[end] = '\0';
	if (end >= sizeof(gone) && strcmp(path + end - (sizeof(gone) - 1), gone) == 0)
		path[end - (sizeof(gone) - 1)] = '\0';
	return size != -1;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* Where AT_EXECFN points to, in a vector of 32-bit or 64-bit words: getauxval(3). */
static uint64_t
find_execfn(const char *vector, size_t size, size_t word)
{
	for (size_t at = 0; at + 2 * word <= size; at += 2 * word) {
		uint64_t type = 0, value = 0;

		memcpy(&type, vector + at, word);
		memcpy(&value, vector + at + word, word);
		if (type == AT_EXECFN)
			return value;
	}
	return 0;
}

/* The file that was executed, as the shim finds it inside: a script has its own name. */
static void
read_executed(struct process *process)
{
	char name[PATH_LONGEST] = "", here[PATH_LONGEST];
	struct text text = text_in(process->executed, sizeof(process->executed));
	size_t size;
	char *vector = read_file(process->directory, "auxv", &size);
	uint64_t at = 0;
	struct iovec remote, local = { name, sizeof(name) - 1 };

	if (vector != NULL)
		at = find_execfn(vector, size, 8);
	if (vector != NULL && at == 0)
		at = find_execfn(vector, size, 4);
	free(vector);
	remote = (struct iovec){ (void *)(uintptr_t)at, sizeof(name) - 1 };
	/* It stands at the very end of the stack, so that less can be read than is asked for. */
	if (at != 0 && process_vm_readv(process->pid, &local, 1, &remote, 1, 0) <= 0)
		*name = '\0';
	if (*name == '\0' || (*name != '/' && !read_link(process->directory, "cwd", here))) {
		text_put(&text, process->image);
		return;
	}
	path_put_absolute(&text, here, name);
}

static void
read_command(struct process *process)
{
	struct text text = text_in(process->command, sizeof(process->command));
	size_t size;
	char *command = read_file(process->directory, "comm", &size);

	if (command == NULL)
		return;
	text_put_bytes(&text, command, size != 0 && command[size - 1] == '\n' ? size - 1 : size);
	free(command);
}

/* The effective user id; the owner of /proc/PID is root where the process is not dumpable. */
static void
read_user(struct process *process)
{
	size_t size;
	char *status = read_file(process->directory, "status", &size);
	const char *ids = status == NULL ? NULL : strstr(status, "\nUid:");
	char *effective;

	/* Real, effective, saved, of the file system. */
	if (ids != NULL)
		strtoul(ids + strlen("\nUid:"), &effective, 10);
	if (ids != NULL)
		process->user = (uint32_t)strtoul(effective, NULL, 10);
	free(status);
}

/* The line of a library's mapping ends with its path; see proc(5), maps. */
static void
find_shim(struct process *process)
{
	size_t size;
	char *maps = read_file(process->directory, "maps", &size);
	const char *found = maps == NULL ? NULL : strstr(maps, "/libkashim.so");

	if (found != NULL) {
		found += strlen("/libkashim.so");
		process->has_shim = *found == '\n' || *found == ' ';
		process->has_old_shim = process->has_shim && *found == ' ';
	}
	free(maps);
}

/* A variable of those that the process was started with; the shim reads them then, and only then.
 */
static char *
find_variable(const char *environment, size_t size, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = environment; at < environment + size; at += strlen(at) + 1)
		if (strncmp(at, name, length) == 0 && at[length] == '=')
			return at[length + 1] == '\0'
				   ? NULL
				   : copy_or_exit(at + length + 1, strlen(at + length + 1));
	return NULL;
}

static void
read_variables(struct process *process)
{
	char here[PATH_LONGEST], path[PATH_LONGEST];
	struct text text = text_in(path, sizeof(path));
	size_t size;
	char *environment = read_file(process->directory, "environ", &size);

	if (environment == NULL)
		return;
	process->line = find_variable(environment, size, "KASHIM");
	process->conf = find_variable(environment, size, "KASHIM_CONF");
	free(environment);
	if (process->conf == NULL || *process->conf == '/' ||
	    !read_link(process->directory, "cwd", here))
		return;
	path_put_absolute(&text, here, process->conf);
	free(process->conf);
	process->conf = copy_or_exit(path, text.used);
}

static void
find_reach(struct process *process)
{
	struct program program = { 0 };
	struct text why = text_in(process->unreached, sizeof(process->unreached));

	/* Through the link, which also leads to a file that is gone or lies in a container. */
	snprintf(program.image, sizeof(program.image), "/proc/%d/exe", (int)process->pid);
	process->is_reached = program_is_reached(&program, &why);
	process->unreached[strcspn(process->unreached, ":")] = '\0';
}

static void
look(struct process *process)
{
	read_user(process);
	process->arguments = read_file(process->directory, "cmdline", &process->arguments_size);
	read_command(process);
	process->name = process->command;
	if (!read_link(process->directory, "exe", process->image)) {
		/* A thread of the kernel has none, and who has ended none any more. */
		process->refused = errno == ENOENT ? ESRCH : errno;
		return;
	}
	read_executed(process);
	process->name = base_name(process->executed);
	find_shim(process);
	if (process->has_shim)
		read_variables(process);
	else
		find_reach(process);
}

bool
process_open(pid_t pid, struct process *process)
{
	char path[32];

	*process = (struct process){ .pid = pid };
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	process->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process->directory == -1)
		return false;
	process->pidfd = (int)syscall(SYS_pidfd_open, pid, 0U);
	look(process);
	/* Still there, so it was the same process all the time. */
	if (process->refused != ESRCH && faccessat(process->directory, "comm", F_OK, 0) == 0)
		return true;
	process_close(process);
	return false;
}

bool
process_is_refused(const struct process *process)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	char path[PATH_LONGEST];

	if (process->refused == 0)
		return false;
	nanosleep(&moment, NULL);
	return !read_link(process->directory, "exe", path) && errno == process->refused;
}

bool
process_has_ended(const struct process *process)
{
	char path[PATH_LONGEST];

	return !read_link(process->directory, "exe", path) && (errno == ENOENT || errno == ESRCH);
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

bool
process_is(const struct process *process, const char *wanted)
{
	if (*wanted != '\0' && strspn(wanted, "0123456789") == strlen(wanted))
		return strtol(wanted, NULL, 10) == process->pid;
	return fnmatch(wanted, process->name, 0) == 0 ||
	       fnmatch(wanted, base_name(process->image), 0) == 0;
}
