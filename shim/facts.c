/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include <string.h>

#include <sys/auxv.h>
#include <sys/stat.h>

#include "file.h"
#include "kernel.h"
#include "memory.h"

/*
 * execve(2), "Limits on size of arguments and environment": three quarters of 8 MiB at most.
 * Touched only as far as used.
 */
enum { ARGUMENTS_ROOM = 6 * 1024 * 1024 };

/* Whether this rule names a program by its path. */
static bool
names_path(const struct policy *policy, const struct rule *rule)
{
	const uint32_t *member = policy->words + rule->condition[CONDITION_PROGRAM];

	if (rule->condition[CONDITION_PROGRAM] == 0)
		return false;
	for (uint32_t count = *member++; count != 0; count--, member++)
		if (strchr(policy->strings + *member, '/') != NULL)
			return true;
	return false;
}

/* Whether some rule does: directories have links, too. */
static bool
asks_for_path(const struct policy *policy)
{
	for (uint32_t i = 0; i < policy->rule_count; i++)
		if (names_path(policy, &policy->rules[i]))
			return true;
	return false;
}

/* Whether some rule has this condition. */
static bool
asks_for(const struct policy *policy, enum condition condition)
{
	for (uint32_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].condition[condition] != 0)
			return true;
	return false;
}

/* The file that was executed: AT_EXECFN has a script's own name, and needs no /proc. */
static const char *
find_executed(char *room)
{
	const char *path = (const char *)getauxval(AT_EXECFN);
	struct text text = text_in(room, PATH_LONGEST);
	char directory[PATH_LONGEST];

	if (path == NULL)
		return NULL;
	/* One that cannot be reached from the root has another name here: getcwd(3). */
	if (*path != '/' &&
	    (syscall(SYS_getcwd, directory, sizeof(directory)) == -1 || *directory != '/'))
		return NULL;
	path_put_absolute(&text, directory, path);
	return room;
}

/*
 * Whether an interpreter runs what was executed. The kernel has put the file among its arguments
 * then: fs/binfmt_script.c, fs/binfmt_misc.c; not far behind, for there are six at most, with one
 * argument each.
 */
static bool
is_interpreted(char **arguments, const char *executed)
{
	enum { NEAR = 16 };

	for (int i = 0; i < NEAR && arguments[i] != NULL; i++)
		if (i > 0 && strcmp(arguments[i], executed) == 0)
			return true;
	return false;
}

/*
 * Whether the kernel runs a file of the same name as the one that was executed: no link leads to
 * it, and it has no interpreter. A look into /proc costs a start nearly as much as all the rest;
 * where there is privilege to be gained it is taken nevertheless, since the user that starts the program may
 * change the link meanwhile.
 */
static bool
has_own_name(char **arguments)
{
	const char *executed = (const char *)getauxval(AT_EXECFN);
	struct file file;

	return arguments != NULL && executed != NULL && getauxval(AT_SECURE) == 0 &&
	       !is_interpreted(arguments, executed) &&
	       file_look(AT_FDCWD, executed, AT_SYMLINK_NOFOLLOW, &file) == 0 && S_ISREG(file.mode);
}

/* A file that was replaced has this behind its name: proc_pid_exe(5). */
static void
cut_deleted(char *path, size_t size)
{
	static const char deleted[] = " (deleted)";
	size_t end = sizeof(deleted) - 1;

	if (size > end && memcmp(path + size - end, deleted, end) == 0)
		path[size - end] = '\0';
}

static const char *
find_image(char *room)
{
	long size = syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", room, PATH_LONGEST - 1UL);

	if (size == -1)
		return NULL;
	room[size] = '\0';
	cut_deleted(room, (size_t)size);
	return room;
}

const char *
facts_other_image(char **arguments, char *room)
{
	return has_own_name(arguments) ? NULL : find_image(room);
}

/* The kernel's copy of the arguments stays as it was, whatever the program does to its own. */
static size_t
find_arguments(struct facts_room *room)
{
	size_t size = 0;
	ssize_t part = 1;
	int fd;

	room->arguments = memory_map(ARGUMENTS_ROOM);
	if (room->arguments == NULL)
		return 0;
	fd = kernel_open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC, 0);
	if (fd == -1)
		return 0;
	/* The last byte stays 0, so that the last argument ends. */
	for (; part > 0; size += part > 0 ? (size_t)part : 0)
		part = kernel_read(fd, room->arguments + size, ARGUMENTS_ROOM - 1 - size);
	kernel_close(fd);
	return size;
}

bool
facts_matter(const struct policy *policy)
{
	return asks_for(policy, CONDITION_PROGRAM) || asks_for(policy, CONDITION_ARGUMENT) ||
	       asks_for(policy, CONDITION_USER);
}

struct facts
facts_of_program(const struct policy *policy, char **arguments, struct facts_room *room)
{
	struct facts facts = { 0 };

	room->arguments = NULL;
	if (asks_for(policy, CONDITION_PROGRAM)) {
		facts.executed = find_executed(room->executed);
		facts.image = asks_for_path(policy) ? find_image(room->image)
						    : facts_other_image(arguments, room->image);
	}
	if (asks_for(policy, CONDITION_ARGUMENT)) {
		facts.arguments_size = find_arguments(room);
		facts.arguments = room->arguments;
	}
	if (asks_for(policy, CONDITION_USER))
		facts.user = (uint32_t)getauxval(AT_EUID);
	return facts;
}

void
facts_free(struct facts_room *room)
{
	if (room->arguments != NULL)
		memory_unmap(room->arguments, ARGUMENTS_ROOM);
}
