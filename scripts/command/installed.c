/* SPDX-License-Identifier: MIT */
#include "installed.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "allocate.h"
#include "path.h"

#define LIBRARY "libkashim.so"

/* The directory of this program, or "" where that cannot be found out. */
static const char *
own_directory(void)
{
	static char path[PATH_LONGEST];
	ssize_t size;
	char *slash;

	if (path[0] != '\0')
		return path;
	size = readlink("/proc/self/exe", path, sizeof(path) - 1);
	path[size < 0 ? 0 : size] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL)
		*slash = '\0';
	return path;
}

/* Kept until the program ends. */
static const char *
join(const char *directory, const char *name)
{
	return format_or_exit("%s/%s", directory, name);
}

static bool
is_beside_library(void)
{
	return *own_directory() != '\0' && access(join(own_directory(), LIBRARY), F_OK) == 0;
}

static const char *
find(const char *name, const char *directory)
{
	return join(is_beside_library() ? own_directory() : directory, name);
}

const char *
installed_library(void)
{
	return find(LIBRARY, KASHIM_LIBDIR);
}

const char *
installed_program(void)
{
	return find("kashim", KASHIM_BINDIR);
}

const char *
installed_rescue(void)
{
	return find("kashim-rescue", KASHIM_SBINDIR);
}

int
installed_become(const char *name, const char *const *arguments)
{
	const char *path = find(name, KASHIM_LIBEXECDIR);
	size_t count = 0;
	char **whole;

	while (arguments[count] != NULL)
		count++;
	whole = allocate_or_exit(NULL, (count + 2) * sizeof(*whole));
	whole[0] = copy_or_exit(path, strlen(path));
	for (size_t i = 0; i < count; i++)
		whole[i + 1] = copy_or_exit(arguments[i], strlen(arguments[i]));
	whole[count + 1] = NULL;
	execv(path, whole);
	fprintf(stderr, "kashim: %s: %s, build or install kashim again\n", path, strerror(errno));
	return 125;
}
