/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "allocate.h"

/* The kernel reads this much of a #! line, and follows this many: execve(2), fs/exec.c. */
enum { LINE_LONGEST = 256, SCRIPTS_DEEPEST = 5 };

static void
put_argument(struct program *program, const char *argument)
{
	size_t size = strlen(argument) + 1;

	program->arguments = allocate_or_exit(program->arguments, program->arguments_size + size);
	memcpy(program->arguments + program->arguments_size, argument, size);
	program->arguments_size += size;
}

static int
fail(struct text *error, const char *name, const char *message, int status)
{
	text_put(error, name);
	text_put(error, ": ");
	text_put(error, message);
	return status;
}

/* Whether execve(2) would take the file; if not, errno says why. */
static bool
is_executable(const char *path)
{
	struct stat found;

	if (stat(path, &found) == -1)
		return false;
	errno = EACCES;
	return S_ISREG(found.st_mode) && access(path, X_OK) == 0;
}

static const char denied[] = "cannot be executed, it is no file with permission x";

/* As execvp(3): a name with a slash is a path, any other is looked for in PATH. */
static int
search(const char *name, char *path, struct text *error)
{
	const char *directory = getenv("PATH");
	char here[PATH_LONGEST] = "";
	bool is_denied = false;

	if (getcwd(here, sizeof(here)) == NULL)
		here[0] = '\0';
	if (strchr(name, '/') != NULL) {
		struct text text = text_in(path, PATH_LONGEST);

		path_put_absolute(&text, here, name);
		if (is_executable(path))
			return 0;
		if (errno == ENOENT || errno == ENOTDIR)
			return fail(error, name, strerror(errno), 127);
		return fail(error, name, denied, 126);
	}
	if (directory == NULL)
		directory = "/usr/local/bin:/usr/bin:/bin";
	for (;;) {
		size_t size = strcspn(directory, ":");
		char file[2 * PATH_LONGEST];
		struct text file_text = text_in(file, sizeof(file));
		struct text text = text_in(path, PATH_LONGEST);

		text_put_bytes(&file_text, directory, size);
		text_put(&file_text, size == 0 ? "./" : "/");
		text_put(&file_text, name);
		path_put_absolute(&text, here, file);
		if (*name != '\0' && is_executable(path))
			return 0;
		is_denied |= errno == EACCES;
		if (directory[size] == '\0')
			break;
		directory += size + 1;
	}
	return fail(error, name, is_denied ? denied : "not found in PATH", is_denied ? 126 : 127);
}

/*
 * The #! line of a file: interpreter and the rest as one argument, as the kernel takes it. False
 * where there is none.
 */
static bool
read_script(const char *path, char *interpreter, char *argument)
{
	char line[LINE_LONGEST + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd == -1 ? -1 : read(fd, line, LINE_LONGEST);
	char *at, *end;

	if (fd != -1)
		close(fd);
	if (size < 3 || memcmp(line, "#!", 2) != 0)
		return false;
	line[size] = '\0';
	line[strcspn(line, "\n")] = '\0';
	at = line + 2 + strspn(line + 2, " \t");
	end = at + strcspn(at, " \t");
	memcpy(interpreter, at, (size_t)(end - at));
	interpreter[end - at] = '\0';
	at = end + strspn(end, " \t");
	for (end = at + strlen(at); end > at && (end[-1] == ' ' || end[-1] == '\t'); end--)
		continue;
	memcpy(argument, at, (size_t)(end - at));
	argument[end - at] = '\0';
	return *interpreter != '\0';
}

/* The script that env(1) starts is a new program, under its own name: "#!/usr/bin/env python3". */
static bool
is_env(const char *interpreter, const char *argument)
{
	return strcmp(path_base(interpreter), "env") == 0 && *argument != '\0' &&
	       *argument != '-' && strpbrk(argument, "= \t") == NULL;
}

/*
 * Put what the kernel puts in place of a script's argv[0]: interpreter, argument, path. There are
 * arguments already, argv[0] at least.
 */
static void
prepend(struct program *program, const char *interpreter, const char *argument, const char *path)
{
	char *rest = program->arguments;
	size_t size = program->arguments_size;
	size_t skipped = strlen(rest) + 1;

	program->arguments = NULL;
	program->arguments_size = 0;
	put_argument(program, interpreter);
	if (*argument != '\0')
		put_argument(program, argument);
	put_argument(program, path);
	program->arguments = allocate_or_exit(program->arguments, program->arguments_size + size);
	memcpy(program->arguments + program->arguments_size, rest + skipped, size - skipped);
	program->arguments_size += size - skipped;
	free(rest);
}

static int
follow_scripts(struct program *program, const char *name, struct text *error)
{
	char path[PATH_LONGEST], interpreter[LINE_LONGEST + 1], argument[LINE_LONGEST + 1];
	struct text text = text_in(path, sizeof(path));

	text_put(&text, program->executed);
	for (int deep = 0; read_script(path, interpreter, argument); deep++) {
		if (deep == SCRIPTS_DEEPEST)
			return fail(error, name, "its interpreters are scripts without end", 126);
		if (is_env(interpreter, argument)) {
			prepend(program, argument, "", path);
			if (search(argument, program->executed, error) != 0)
				return 126;
			text = text_in(path, sizeof(path));
			text_put(&text, program->executed);
			continue;
		}
		prepend(program, interpreter, argument, path);
		if (search(interpreter, path, error) != 0)
			return 126;
	}
	if (realpath(path, program->image) == NULL)
		return fail(error, name, strerror(errno), 126);
	return 0;
}

int
program_find(char *const *arguments, struct program *program, struct text *error)
{
	int status;

	*program = (struct program){ 0 };
	status = search(arguments[0], program->executed, error);
	if (status != 0)
		return status;
	for (char *const *argument = arguments; *argument != NULL; argument++)
		put_argument(program, *argument);
	return follow_scripts(program, arguments[0], error);
}

void
program_free(struct program *program)
{
	free(program->arguments);
	program->arguments = NULL;
}

struct facts
program_facts(const struct program *program)
{
	return (struct facts){
		.executed = program->executed,
		.image = program->image,
		.arguments = program->arguments,
		.arguments_size = program->arguments_size,
		.user = geteuid(),
	};
}
