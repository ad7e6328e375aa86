/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "allocate.h"
#include "command.h"
#include "compiled.h"
#include "excerpt.h"
#include "path.h"

static bool
write_all(int fd, const char *bytes, size_t size)
{
	while (size != 0) {
		ssize_t part = write(fd, bytes, size);

		if (part == -1 && errno != EINTR)
			return false;
		bytes += part > 0 ? part : 0;
		size -= part > 0 ? (size_t)part : 0;
	}
	return true;
}

/* Sync the directory of a file, so that its rename survives a crash. */
static void
sync_directory(const char *path)
{
	char directory[PATH_LONGEST];
	struct text text = text_in(directory, sizeof(directory));
	const char *slash = strrchr(path, '/');
	int fd;

	text_put_bytes(
	    &text, slash == NULL ? "." : path, slash == NULL ? 1 : (size_t)(slash - path) + 1);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return;
	fsync(fd);
	close(fd);
}

/* Readers see the old file or the new one, whole; never anything in between. */
static bool
replace_file(const char *path, const char *image, size_t size)
{
	char temporary[PATH_LONGEST];
	struct text text = text_in(temporary, sizeof(temporary));
	bool written;
	int fd;

	text_put(&text, path);
	text_put(&text, ".XXXXXX");
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd == -1)
		return false;
	written = write_all(fd, image, size) && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
	if (close(fd) == -1 || !written || rename(temporary, path) == -1) {
		int why = errno;

		unlink(temporary);
		errno = why;
		return false;
	}
	sync_directory(path);
	return true;
}

static int
write_compiled(
    const char *root, const char *conf, const struct configuration *configuration, bool to_stdout)
{
	struct policy policy = build_policy(&configuration->build);
	size_t size = compiled_size(&policy);
	char path[PATH_LONGEST];
	struct text text = text_in(path, sizeof(path));
	int status = STATUS_GOOD;
	char *image;

	text_put(&text, root);
	path_put_compiled(&text, conf);
	if (size > COMPILED_LARGEST) {
		fprintf(stderr,
		    "%s: too large, a compiled policy has at most %d bytes, this one would have %zu\n",
		    conf, COMPILED_LARGEST, size);
		return STATUS_FAILED;
	}
	/* The shim's child gets a plain policy, without index, since it is read whole. */
	image = to_stdout ? allocate_or_exit(NULL, size) : excerpt_compile(&policy, &size);
	if (to_stdout)
		compiled_write(&policy, image);
	if (to_stdout ? !write_all(STDOUT_FILENO, image, size) : !replace_file(path, image, size)) {
		fprintf(stderr, "%s: cannot be written: %s\n", to_stdout ? "standard output" : path,
		    strerror(errno));
		status = STATUS_FAILED;
	} else if (!to_stdout) {
		printf("%s: compiled, %u rule%s\n", path, policy.rule_count - 1,
		    policy.rule_count == 2 ? "" : "s");
	}
	free(image);
	return status;
}

int
command_compile_conf(const char *root, const char *conf, bool to_stdout)
{
	struct configuration configuration;
	bool good = command_read(root, conf, &configuration);
	int status;

	/* A file is checked for its age later, so it must not change within its clock tick. */
	if (good && !to_stdout && documents_wait_for_tick(&configuration.documents)) {
		configuration_free(&configuration);
		good = command_read(root, conf, &configuration);
	}
	status = good ? write_compiled(root, conf, &configuration, to_stdout) : STATUS_FAILED;
	configuration_free(&configuration);
	return status;
}

/* What was asked for on the command line. */
static struct {
	const char *root;
	bool to_stdout;
} asked = { .root = "" };

static int
run_compile(int count, char **operands)
{
	const char *conf;

	if (count > 1)
		return command_usage();
	conf = command_conf(*operands);
	if (*asked.root != '\0' && *conf != '/') {
		fprintf(stderr, "kashim: %s: below --root, FILE has to start with /\n", conf);
		return STATUS_USAGE;
	}
	return command_compile_conf(asked.root, conf, asked.to_stdout);
}

static const struct command_option compile_rows[] = {
	{ "root", "DIR", "read and write below DIR, for an image", .value = &asked.root },
	{ "stdout", NULL, "write the compiled policy to standard output instead",
	    .flag = &asked.to_stdout },
	COMMAND_LAST,
};

const struct command command_compile = {
	.name = "compile",
	.summary = "validate it, and put it in force",
	.run = run_compile,
	.options = compile_rows,
	.operands = "[FILE]",
	.description =
	    "Validate a configuration and replace its compiled form, X.policy for X.conf, at once and\n"
	    "whole. Where there is an error, nothing is replaced. Running programs keep what they have.",
	.exit_status = "0 done, 1 not, 2 wrong usage.",
};
