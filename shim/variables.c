/* SPDX-License-Identifier: MIT */
#include "variables.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <sys/auxv.h>
#include <sys/syscall.h>

char **
variables_environment(void)
{
	return environ;
}

/* The value, if this is the variable and it is the first of that name, as getenv(3) finds it. */
static void
take(const char *variable, const char *name, const char **value)
{
	size_t size = strlen(name);

	if (*value == NULL && strncmp(variable, name, size) == 0 && variable[size] == '=')
		*value = variable + size + 1;
}

static const char *
unless_empty(const char *value)
{
	return value != NULL && *value == '\0' ? NULL : value;
}

/* A whole number that fits, or 0: for what else stands there, and where there is nothing. */
static long
read_number(const char *digits)
{
	long number = 0;

	if (digits == NULL)
		return 0;
	for (; *digits >= '0' && *digits <= '9'; digits++) {
		if (number > INT32_MAX / 10 - 1)
			return 0;
		number = number * 10 + (*digits - '0');
	}
	return *digits == '\0' ? number : 0;
}

struct variables
variables_read(char **environment)
{
	struct variables found = { .secure = getauxval(AT_SECURE) != 0 };
	const char *verbose = NULL, *only = NULL, *count = NULL, *pid = NULL;

	if (found.secure)
		return found;
	for (char **variable = environment; *variable != NULL; variable++) {
		if (**variable == 'L') {
			take(*variable, "LD_PRELOAD", &found.preload);
			take(*variable, "LISTEN_FDS", &count);
			take(*variable, "LISTEN_PID", &pid);
		}
		if (**variable != 'K')
			continue;
		take(*variable, "KASHIM_CONF", &found.conf);
		take(*variable, "KASHIM", &found.line);
		take(*variable, "KASHIM_LOG", &found.log);
		take(*variable, "KASHIM_VERBOSE", &verbose);
		take(*variable, "KASHIM_ONLY", &only);
	}
	found.conf = unless_empty(found.conf);
	found.line = unless_empty(found.line);
	found.log = unless_empty(found.log);
	found.preload = unless_empty(found.preload);
	verbose = unless_empty(verbose);
	found.verbose = verbose != NULL && strcmp(verbose, "0") != 0;
	found.only = read_number(only);
	if (pid != NULL && count != NULL && read_number(pid) == syscall(SYS_getpid))
		found.passed = (int)read_number(count);
	return found;
}

static const char *
base_name(const char *path, const char *end)
{
	const char *base = path;

	for (; path < end; path++)
		if (*path == '/')
			base = path + 1;
	return base;
}

/*
 * By the last part of the path: the variable may hold $LIB, or a name without a path. ld.so(8)
 * splits it like this.
 */
bool
variables_preload(const struct variables *variables, const char *library)
{
	const char *wanted = base_name(library, library + strlen(library));
	const char *name = variables->preload;

	while (name != NULL && *name != '\0') {
		size_t size = strcspn(name, ": ");
		const char *base = base_name(name, name + size);

		if ((size_t)(name + size - base) == strlen(wanted) &&
		    memcmp(base, wanted, strlen(wanted)) == 0)
			return true;
		name += size;
		name += strspn(name, ": ");
	}
	return false;
}
