/* SPDX-License-Identifier: MIT */
/* What /proc/PID tells of a process: outside-process.h. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "allocate.h"
#include "outside-file.h"
#include "outside-process.h"
#include "program.h"

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

void
process_look(struct process *process)
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
	process->name = path_base(process->executed);
	process->is_elsewhere = is_elsewhere(process->directory);
	find_shim(process);
	read_variables(process, is_secure);
	if (!process->has_shim)
		find_reach(process);
}
