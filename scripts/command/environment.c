/* SPDX-License-Identifier: MIT */
#include "environment.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "allocate.h"

/* Room for the variables that `kashim run` adds. */
enum { ADDED_MOST = 8 };

struct environment
environment_copy(void)
{
	struct environment copy = { 0 };

	while (environ != NULL && environ[copy.count] != NULL)
		copy.count++;
	copy.variables =
	    allocate_or_exit(NULL, (copy.count + ADDED_MOST + 1) * sizeof(*copy.variables));
	for (size_t i = 0; i < copy.count; i++)
		copy.variables[i] = environ[i];
	copy.variables[copy.count] = NULL;
	return copy;
}

/* The value of a variable; NULL where it is another one. */
static char *
value_of(char *variable, const char *name)
{
	size_t size = strlen(name);

	return strncmp(variable, name, size) == 0 && variable[size] == '=' ? variable + size + 1
									   : NULL;
}

void
environment_set(struct environment *environment, const char *name, const char *value)
{
	char **variables = environment->variables;
	size_t kept = 0;
	bool is_set = value == NULL;
	char *whole = is_set ? NULL : format_or_exit("%s=%s", name, value);

	for (size_t i = 0; i < environment->count; i++) {
		if (value_of(variables[i], name) == NULL) {
			variables[kept++] = variables[i];
		} else if (!is_set) {
			variables[kept++] = whole;
			is_set = true;
		}
	}
	if (!is_set)
		variables[kept++] = whole;
	variables[kept] = NULL;
	environment->count = kept;
}

void
environment_preload(struct environment *environment, const char *library)
{
	const char *before = "";
	char *value, *end;

	/* Of several, the loader takes the last one. */
	for (size_t i = 0; i < environment->count; i++)
		if (value_of(environment->variables[i], "LD_PRELOAD") != NULL)
			before = value_of(environment->variables[i], "LD_PRELOAD");
	value = allocate_or_exit(NULL, strlen(library) + strlen(before) + 2);
	end = stpcpy(value, library);
	while (*(before += strspn(before, ": ")) != '\0') {
		size_t size = strcspn(before, ": ");

		if (size != strlen(library) || memcmp(before, library, size) != 0) {
			*end++ = ':';
			end = mempcpy(end, before, size);
		}
		before += size;
	}
	*end = '\0';
	environment_set(environment, "LD_PRELOAD", value);
}
