/* SPDX-License-Identifier: MIT */
#include "facts.h"

#include <string.h>

#include <sys/auxv.h>

#include "kernel.h"
#include "memory.h"

/*
 * execve(2), "Limits on size of arguments and environment": three quarters of 8 MiB at most.
 * Touched only as far as used.
 */
enum { ARGUMENTS_ROOM = 6 * 1024 * 1024 };

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

const char *
facts_image(char *room)
{
	long size = syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", room, PATH_LONGEST - 1UL);

	if (size == -1)
		return NULL;
	room[size] = '\0';
	return room;
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
facts_of_program(const struct policy *policy, struct facts_room *room)
{
	struct facts facts = { 0 };

	room->arguments = NULL;
	if (asks_for(policy, CONDITION_PROGRAM)) {
		facts.executed = find_executed(room->executed);
		facts.image = facts_image(room->image);
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
