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
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>
#include <sys/syscall.h>

/* Older headers do not have it: linux 5.6, linux/openat2.h. */
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
enum { RESOLVE_BELOW = 0x10 }; /* RESOLVE_IN_ROOT */
struct how {
	uint64_t flags, mode, resolve;
};

enum { STATUS_GOOD, STATUS_FAILED, STATUS_USAGE, STATUS_CHANGED = 75 };
enum { LARGEST = 1 << 20 };

static const char ours[] = "libkashim.so";
static const char gaps[] = " \t\r:";

/* The file, and what is left of it; our names in it, one a line; and the file when it is read again. */
static char text[LARGEST + 1], rest[LARGEST + 1], taken[LARGEST + 1], again[LARGEST + 1];

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

/* A file by its directory, and its name there, which is no link. */
struct place {
	int directory;
	char name[NAME_MAX + 1];
};

/*
 * The directory of a path below a root directory: no link leads out of that. Where the kernel cannot
 * promise it, only the root of this system will do.
 */
static int
open_directory(int root, const char *path, bool is_other_root)
{
	struct how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_BELOW };
	int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));

	if (fd != -1 || is_other_root || (errno != ENOSYS && errno != EPERM))
		return fd;
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Follow links to what has to be replaced. The path is absolute, as the system below has it. */
static bool
find_place(const char *root, struct place *place)
{
	enum { LINKS_MOST = 40 };
	bool is_other_root = root != NULL && *root != '\0';
	int top = open(is_other_root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[2 * PATH_MAX] = "/etc/ld.so.preload", target[PATH_MAX];

	place->directory = -1;
	for (int i = 0; top != -1 && i < LINKS_MOST; i++) {
		char *slash = strrchr(path, '/');
		ssize_t size;

		if (strlen(slash + 1) > NAME_MAX)
			break;
		memcpy(place->name, slash + 1, strlen(slash + 1) + 1);
		slash[slash == path ? 1 : 0] = '\0';
		place->directory = open_directory(top, path, is_other_root);
		if (place->directory == -1)
			break;
		size = readlinkat(place->directory, place->name, target, sizeof(target) - 1);
		if (size <= 0) {
			close(top);
			return true;
		}
		close(place->directory);
		place->directory = -1;
		target[size] = '\0';
		if (target[0] == '/')
			snprintf(path, sizeof(path), "%s", target);
		else
			snprintf(path + strlen(path), sizeof(path) - strlen(path), "/%s", target);
		errno = ELOOP;
	}
	if (top != -1)
		close(top);
	return false;
}

static ssize_t
read_to(int fd, char *room)
{
	size_t got = 0;
	ssize_t part = 1;

	if (fd == -1)
		return -1;
	for (; part > 0 && got<LARGEST; got += part> 0 ? (size_t)part : 0)
		part = read(fd, room + got, LARGEST - got);
	close(fd);
	if (got < LARGEST)
		return part == -1 ? -1 : (ssize_t)got;
	errno = EFBIG;
	return -1;
}

static ssize_t
read_place(const struct place *place, const char *name, char *room)
{
	return read_to(
	    openat(place->directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), room);
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

/* Whether the file by this name is as it was when it was read; EAGAIN where it is not. */
static bool
is_as_read(const struct place *place, const char *name, size_t size)
{
	ssize_t now = read_place(place, name, again);

	if (now == (ssize_t)size && memcmp(again, text, size) == 0)
		return true;
	if (now != -1)
		errno = EAGAIN;
	return false;
}

/*
 * Put a file in the other's place, but only if that is as it was when it was read: what another
 * program wrote meanwhile is not lost. Exchanged first and compared then, for in between nobody can
 * write; what is not the same is put back.
 */
static bool
exchange(const struct place *place, const char *temporary, size_t size)
{
	enum { EXCHANGE = 2 };
	int at = place->directory;

	if (!is_as_read(place, place->name, size))
		return false;
	if (syscall(SYS_renameat2, at, temporary, at, place->name, EXCHANGE) == 0) {
		if (is_as_read(place, temporary, size))
			return unlinkat(at, temporary, 0) == 0;
		syscall(SYS_renameat2, at, temporary, at, place->name, EXCHANGE);
		return false;
	}
	/* Some file systems cannot. */
	return renameat(at, temporary, at, place->name) == 0;
}

/* Programs that start see the file as it was or as it will be, and nothing in between. */
static bool
replace(const struct place *place, size_t before, size_t size)
{
	char temporary[NAME_MAX + 32];
	bool good;
	int fd, why;

	snprintf(temporary, sizeof(temporary), "ld.so.preload.%d", (int)getpid());
	fd = openat(place->directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd == -1)
		return false;
	good = write_all(fd, size) && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
	close(fd);
	if (good && exchange(place, temporary, before))
		return true;
	why = errno;
	unlinkat(place->directory, temporary, 0);
	errno = why;
	return false;
}

/* Where there is no room for another file, this one still has enough for less than it has now. */
static bool
overwrite(const struct place *place, size_t size)
{
	int fd = openat(place->directory, place->name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	bool good;

	if (fd == -1)
		return false;
	good = write_all(fd, size) && ftruncate(fd, (off_t)size) == 0 && fsync(fd) == 0;
	close(fd);
	return good;
}

/* A descriptor that only names the directory is not enough for that. */
static void
sync_directory(const struct place *place)
{
	int fd = openat(place->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return;
	fsync(fd);
	close(fd);
}

static bool
put_rest(const struct place *place, size_t before, size_t size)
{
	bool good = replace(place, before, size);

	if (!good && errno == ENOSPC)
		good = size == 0 ? unlinkat(place->directory, place->name, 0) == 0
				 : overwrite(place, size);
	/* Still empty, so still ours. */
	else if (good && size == 0 && read_place(place, place->name, again) == 0)
		good = unlinkat(place->directory, place->name, 0) == 0;
	if (good)
		sync_directory(place);
	return good;
}

static int
rescue(const struct place *place, const char *path, bool take_all, bool only_print)
{
	enum { TRIES = 10 };

	for (int i = 0; i < TRIES; i++) {
		ssize_t size = read_place(place, place->name, text);
		size_t left;

		if (size == -1 && errno != ENOENT)
			return complain(path, "cannot be read");
		text[size == -1 ? 0 : size] = '\0';
		left = size == -1 ? 0 : divide((size_t)size);
		if (only_print)
			return write_all(STDOUT_FILENO, left)
				   ? STATUS_GOOD
				   : complain("standard output", "cannot be written");
		if (size <= 0 || (*taken == '\0' && !take_all)) {
			printf("%s: names no %s, nothing to do\n", path, ours);
			return STATUS_GOOD;
		}
		if (put_rest(place, (size_t)size, take_all ? 0 : left)) {
			if (take_all)
				printf("%s: removed; it was:\n%s", path, text);
			else
				printf("%s: no longer loads %s", path, taken);
			return STATUS_GOOD;
		}
		/* Another program wrote it meanwhile: look again. */
		if (errno != EAGAIN)
			break;
	}
	return complain(path, "cannot be replaced");
}

/* Put another file in its place if it is still as `seen` is; STATUS_CHANGED where it is not. */
static int
put(const struct place *place, const char *path, const char *file, const char *seen)
{
	ssize_t before = read_to(open(seen, O_RDONLY | O_CLOEXEC), text);
	ssize_t size = read_to(open(file, O_RDONLY | O_CLOEXEC), rest);

	if (before == -1 || size == -1)
		return complain(before == -1 ? seen : file, "cannot be read");
	if (replace(place, (size_t)before, (size_t)size))
		return STATUS_GOOD;
	return errno == EAGAIN ? STATUS_CHANGED : complain(path, "cannot be replaced");
}

static const char usage[] =
    "usage: kashim-rescue [--all] [--print] [--root DIR]\n"
    "       kashim-rescue --put FILE --seen COPY [--root DIR]\n"
    "\n"
    "Take libkashim.so out of /etc/ld.so.preload. This program needs no library, so it starts where\n"
    "nothing else does.\n"
    "\n"
    "  --all        remove /etc/ld.so.preload, whatever it loads\n"
    "  --print      print what would be left of it, and change nothing\n"
    "  --root DIR   that of a system below DIR; no link leads out of it\n"
    "  --put FILE --seen COPY\n"
    "               put FILE in its place if it still is like COPY: for kashim system\n"
    "\n"
    "Exit status: 0 done, or nothing to do; 1 not, 2 wrong usage, 75 it is not like COPY.\n";

static const struct option options[] = {
	{ "all", no_argument, NULL, 'a' },
	{ "print", no_argument, NULL, 'p' },
	{ "put", required_argument, NULL, 'n' },
	{ "seen", required_argument, NULL, 's' },
	{ "root", required_argument, NULL, 'r' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

int
main(int argc, char **argv)
{
	char path[PATH_MAX];
	const char *root = "", *file = NULL, *seen = NULL;
	bool take_all = false, only_print = false;
	struct place place;
	int letter;

	while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (letter == 'a')
			take_all = true;
		else if (letter == 'p')
			only_print = true;
		else if (letter == 'n')
			file = optarg;
		else if (letter == 's')
			seen = optarg;
		else if (letter == 'r')
			root = optarg;
		else if (letter == 'h')
			return fputs(usage, stdout) < 0 ? STATUS_FAILED : STATUS_GOOD;
		else
			return STATUS_USAGE;
	}
	if (optind != argc || (file == NULL) != (seen == NULL))
		return fputs(usage, stderr) < 0 ? STATUS_FAILED : STATUS_USAGE;
	snprintf(path, sizeof(path), "%s/etc/ld.so.preload", root);
	if (!find_place(root, &place) && errno == ENOSYS)
		return complain(path, "--root needs openat2(2), Linux 5.6; or run it by chroot(8)");
	if (place.directory == -1 && errno != ENOENT)
		return complain(path, "cannot be found");
	if (place.directory == -1) {
		printf("%s: names no %s, nothing to do\n", path, ours);
		return STATUS_GOOD;
	}
	if (file != NULL)
		return put(&place, path, file, seen);
	return rescue(&place, path, take_all, only_print);
}
