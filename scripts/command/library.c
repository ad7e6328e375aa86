/* SPDX-License-Identifier: MIT */
#include "library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "allocate.h"
#include "installed.h"
#include "path.h"

const char *
library_path(void)
{
	static char path[PATH_LONGEST];

	if (path[0] == '\0' && realpath(installed_library(), path) == NULL)
		return installed_library();
	return path;
}

static bool
refuse(struct text *why, const char *path, const char *problem, const char *remedy)
{
	text_put(why, path);
	text_put(why, problem);
	if (remedy != NULL) {
		text_put(why, remedy);
		text_put(why, path);
	}
	return false;
}

/* One file or directory; of a directory everybody needs permission x. */
static bool
is_one_safe(const char *path, struct text *why)
{
	struct stat found;
	bool is_directory;

	if (stat(path, &found) == -1)
		return refuse(why, path, " cannot be looked at", NULL);
	is_directory = S_ISDIR(found.st_mode);
	if (found.st_uid != 0)
		return refuse(why, path, " belongs to another user than root", ": chown root ");
	if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return refuse(why, path, " can be written by others than root", ": chmod go-w ");
	if ((found.st_mode & (is_directory ? S_IXOTH : S_IROTH)) == 0)
		return refuse(why, path, " is not open to all users",
		    is_directory ? ": chmod go+x " : ": chmod go+r ");
	return true;
}

bool
library_is_safe(const char *root, const char *path, struct text *why)
{
	char at[2 * PATH_LONGEST];
	size_t end = strlen(root);

	snprintf(at, sizeof(at), "%s%s", root, path);
	while (is_one_safe(at, why)) {
		char *slash = strrchr(at + end, '/');

		if (slash == NULL || at[1] == '\0')
			return true;
		slash[slash == at] = '\0';
	}
	return false;
}

/* The top directory of a path of which services may have their own, or NULL: systemd.exec(5). */
static const char *
private_top(const char *path)
{
	static const char *const tops[] = { "/home/", "/root/", "/tmp/", "/var/tmp/", "/run/",
		"/dev/", "/mnt/", "/media/" };

	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (strncmp(path, tops[i], strlen(tops[i])) == 0)
			return tops[i];
	return NULL;
}

/* Whether the path can stand in LIBRARY_PRELOAD_FILE and in LD_PRELOAD. */
static bool
is_writable_path(const char *path)
{
	for (; *path != '\0'; path++)
		if (*path <= ' ' || *path > '~' || *path == ':' || *path == '#')
			return false;
	return true;
}

bool
library_is_fit(const char *root, struct text *why)
{
	const char *path = library_path();
	const char *top = private_top(path);
	char below[2 * PATH_LONGEST];
	struct stat found;

	snprintf(below, sizeof(below), "%s%s", root, path);
	if (stat(below, &found) == -1 || !S_ISREG(found.st_mode))
		return refuse(why, below, " is missing, build or install kashim again", NULL);
	if (!is_writable_path(path))
		return refuse(why, path,
		    ": the loader takes no path with a colon, # or blank; install kashim in another directory",
		    NULL);
	if (top != NULL) {
		refuse(why, path,
		    " is not where every program sees it, services may have their own ", NULL);
		text_put(why, top);
		text_put(why, ": make install");
		return false;
	}
	return library_is_safe(root, path, why);
}

char *
library_preloaded(void)
{
	FILE *file = fopen(LIBRARY_PRELOAD_FILE, "re");
	char *line = NULL, *found = NULL;
	size_t room = 0;

	while (file != NULL && found == NULL && getline(&line, &room, file) != -1) {
		char *rest = line, *word;

		line[strcspn(line, "#")] = '\0';
		while (found == NULL && (word = strtok_r(rest, ": \t\n", &rest)) != NULL)
			if (strncmp(path_base(word), "libkashim.so", strlen("libkashim.so")) == 0)
				found = copy_or_exit(word, strlen(word));
	}
	if (file != NULL)
		fclose(file);
	free(line);
	return found;
}

bool
library_is(const char *line)
{
	const char *path = library_path();
	const char *variable = strstr(line, "$LIB/");
	size_t size = strlen(path);
	size_t before, behind;

	if (variable == NULL)
		return strcmp(line, path) == 0;
	before = (size_t)(variable - line);
	variable += strlen("$LIB");
	behind = strlen(variable);
	return size > before + behind && memcmp(path, line, before) == 0 &&
	       strncmp(path + before, "lib", 3) == 0 && strcmp(path + size - behind, variable) == 0;
}
