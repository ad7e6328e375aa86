/* SPDX-License-Identifier: MIT */
/*
 * kashim-rescue: take libkashim.so out of /etc/ld.so.preload. Linked statically, so that it starts
 * on a host on which nothing else does. See kashim-rescue(8).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

enum { STATUS_GOOD, STATUS_FAILED, STATUS_USAGE };
enum { LARGEST = 1 << 20 };

static const char ours[] = "libkashim.so";
static const char gaps[] = " \t\r:";

/* The file, and what is left of it; and our names in it, one a line. */
static char text[LARGEST + 1], rest[LARGEST + 1], taken[LARGEST + 1];

static int
complain(const char *path, const char *what)
{
	int why = errno;

	fprintf(stderr, "kashim-rescue: %s: %s: %s%s\n", path, what, strerror(why),
	    why == EROFS ? "; mount -o remount,rw / and try again" : "");
	return STATUS_FAILED;
}

/* By the last part of the path, which may have a number behind it. */
static bool
is_ours(const char *name, size_t size)
{
	const char *slash = memrchr(name, '/', size);
	const char *base = slash == NULL ? name : slash + 1;

	return (size_t)(name + size - base) >= sizeof(ours) - 1 &&
	       memcmp(base, ours, sizeof(ours) - 1) == 0;
}

/*
 * Put the line, which is `size` long, at `to`, without our names. As ld.so(8) reads it: names stand
 * between blanks and colons, and # begins a comment. A line of which nothing is left goes. Returns
 * the end of what was put.
 */
static char *
put_line(char *to, const char *line, size_t size, char **take)
{
	const char *comment = memchr(line, '#', size);
	const char *end = comment == NULL ? line + size : comment;
	const char *before = *take;
	char *start = to;
	bool is_empty = comment == NULL;

	for (const char *at = line; at < end;) {
		size_t gap = strspn(at, gaps);
		size_t name = strcspn(at + gap, " \t\r:#\n");

		if (name != 0 && is_ours(at + gap, name)) {
			*take = mempcpy(*take, at + gap, name);
			*(*take)++ = '\n';
		} else {
			to = mempcpy(to, at, gap + name);
			is_empty = is_empty && name == 0;
		}
		at += gap + name;
		/* A newline ends the line; a NUL, which has no business here, stays. */
		if (at < end && *at == '\0')
			*to++ = *at;
		if (at < end && (*at == '\0' || *at == '\n'))
			at++;
	}
	if (*take == before)
		return mempcpy(start, line, size);
	if (is_empty)
		return start;
	if (comment != NULL)
		return mempcpy(to, comment, (size_t)(line + size - comment));
	if (line[size - 1] == '\n')
		*to++ = '\n';
	return to;
}

/* Divide the text into what is left and what is taken. Returns the size of what is left. */
static size_t
divide(size_t size)
{
	char *to = rest, *take = taken;
	size_t part;

	for (const char *line = text; line < text + size; line += part) {
		const char *newline = memchr(line, '\n', (size_t)(text + size - line));

		part = (size_t)((newline == NULL ? text + size : newline + 1) - line);
		to = put_line(to, line, part, &take);
	}
	*take = '\0';
	return (size_t)(to - rest);
}

static ssize_t
read_file(const char *path)
{
	size_t got = 0;
	ssize_t part = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return -1;
	for (; part > 0 && got<LARGEST; got += part> 0 ? (size_t)part : 0)
		part = read(fd, text + got, LARGEST - got);
	close(fd);
	if (got < LARGEST)
		return part == -1 ? -1 : (ssize_t)got;
	errno = EFBIG;
	return -1;
}

static bool
write_all(int fd, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t part = write(fd, rest + done, size - done);

		if (part == -1 && errno != EINTR)
			return false;
		done += part > 0 ? (size_t)part : 0;
	}
	return true;
}

/* Programs that start see the file as it was or as it will be, and nothing in between. */
static bool
replace(const char *path, size_t size)
{
	char temporary[PATH_MAX + 8];
	bool good;
	int fd;

	snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd == -1)
		return false;
	good = write_all(fd, size) && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
	close(fd);
	if (good && rename(temporary, path) == 0)
		return true;
	unlink(temporary);
	return false;
}

/* Where there is no room for another file, this one still has enough for less than it has now. */
static bool
overwrite(const char *path, size_t size)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good;

	if (fd == -1)
		return false;
	good = write_all(fd, size) && ftruncate(fd, (off_t)size) == 0 && fsync(fd) == 0;
	close(fd);
	return good;
}

static void
sync_directory(const char *path)
{
	char directory[PATH_MAX];
	int fd;

	snprintf(directory, sizeof(directory), "%.*s/", (int)(strrchr(path, '/') - path), path);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return;
	fsync(fd);
	close(fd);
}

static bool
put_rest(const char *path, size_t size)
{
	bool good = size == 0 ? unlink(path) == 0 : replace(path, size);

	if (good)
		sync_directory(path);
	return good || (errno == ENOSPC && overwrite(path, size));
}

static int
rescue(const char *path, bool take_all, bool only_print)
{
	ssize_t size = read_file(path);
	size_t left;

	if (size == -1 && errno != ENOENT)
		return complain(path, "cannot be read");
	left = size == -1 ? 0 : divide((size_t)size);
	if (only_print)
		return write_all(STDOUT_FILENO, left)
			   ? STATUS_GOOD
			   : complain("standard output", "cannot be written");
	if (size <= 0 || (*taken == '\0' && !take_all)) {
		printf("%s: names no %s, nothing to do\n", path, ours);
		return STATUS_GOOD;
	}
	if (!put_rest(path, take_all ? 0 : left))
		return complain(path, "cannot be replaced");
	if (take_all)
		printf("%s: removed; it was:\n%s", path, text);
	else
		printf("%s: no longer loads %s", path, taken);
	return STATUS_GOOD;
}

static const char usage[] =
    "usage: kashim-rescue [--all] [--print] [--root DIR]\n"
    "\n"
    "Take libkashim.so out of /etc/ld.so.preload. This program needs no library, so it starts where\n"
    "nothing else does.\n"
    "\n"
    "  --all        remove /etc/ld.so.preload, whatever it loads\n"
    "  --print      print what would be left of it, and change nothing\n"
    "  --root DIR   that of a system below DIR\n"
    "\n"
    "Exit status: 0 done, or nothing to do; 1 not, 2 wrong usage.\n";

static const struct option options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "print", no_argument, NULL, 'p' },
	{ "root", required_argument, NULL, 'r' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

int
main(int argc, char **argv)
{
	char path[PATH_MAX], real[PATH_MAX];
	const char *root = "";
	bool take_all = false, only_print = false;
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 'a')
			take_all = true;
		else if (letter == 'p')
			only_print = true;
		else if (letter == 'r')
			root = optarg;
		else if (letter == 'h')
			return fputs(usage, stdout) < 0 ? STATUS_FAILED : STATUS_GOOD;
		else
			return STATUS_USAGE;
	}
	if (optind != argc)
		return fputs(usage, stderr) < 0 ? STATUS_FAILED : STATUS_USAGE;
	snprintf(path, sizeof(path), "%s/etc/ld.so.preload", root);
	/* Behind a link is what has to be replaced. */
	return rescue(realpath(path, real) == NULL ? path : real, take_all, only_print);
}
