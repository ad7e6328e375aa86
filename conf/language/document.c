/* SPDX-License-Identifier: MIT */
#include "document.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "allocate.h"
#include "path.h"

/* Two ticks of the slowest kernel clock, 100 Hz. */
enum { GRAIN_NS = 20 * 1000 * 1000 };

static struct document
document_named(const char *path)
{
	char directory[PATH_LONGEST];
	char absolute[PATH_LONGEST];
	struct text text = text_in(absolute, sizeof(absolute));

	if (getcwd(directory, sizeof(directory)) == NULL)
		directory[0] = '\0';
	path_put_absolute(&text, directory, path);
	return (struct document){ .path = format_or_exit("%s", path),
		.absolute = format_or_exit("%s", absolute) };
}

/* The whole of an open file that was found to be regular and small enough. */
static char *
read_text(int fd, size_t size, size_t *got)
{
	char *text = allocate_or_exit(NULL, size + 1);
	ssize_t part = 1;

	for (*got = 0; *got < size && part > 0; *got += part > 0 ? (size_t)part : 0)
		part = read(fd, text + *got, size - *got);
	text[*got] = '\0';
	if (part != -1)
		return text;
	free(text);
	return NULL;
}

static const char writable_by_everyone[] = "can be written by everyone, chmod o-w it";

static const char *
why_refused(const struct stat *stat)
{
	if (!S_ISREG(stat->st_mode))
		return "is not a regular file";
	if (stat->st_size > DOCUMENT_LARGEST)
		return "is larger than 1 MiB";
	if ((stat->st_mode & S_IWOTH) != 0)
		return writable_by_everyone;
	return NULL;
}

static void
read_open_file(struct document *document, int fd, struct diagnostics *diagnostics)
{
	const char *refused;
	size_t size;

	if (fstat(fd, &document->stat) == -1) {
		diagnostic_in_file(diagnostics, document->path, "%s", strerror(errno));
		return;
	}
	refused = why_refused(&document->stat);
	if (refused != NULL) {
		diagnostic_in_file(diagnostics, document->path, "%s", refused);
		return;
	}
	document->text = read_text(fd, (size_t)document->stat.st_size, &size);
	if (document->text == NULL) {
		diagnostic_in_file(
		    diagnostics, document->path, "cannot be read: %s", strerror(errno));
	} else if (memchr(document->text, '\0', size) != NULL) {
		diagnostic_in_file(
		    diagnostics, document->path, "holds a NUL byte, so it is not text");
		free(document->text);
		document->text = NULL;
	} else if (strncmp(document->text, "\xef\xbb\xbf", 3) == 0) {
		memset(document->text, ' ', 3); /* a byte order mark says nothing about UTF-8 */
	}
}

/* A directory of our own descriptors: proc(5). */
static int own_descriptors = -1;

void
document_reopen_by(int descriptors)
{
	own_descriptors = descriptors;
}

/* The file behind a descriptor that only names it, O_PATH. Without /proc there is none: -1. */
static int
reopen(int named, int flags)
{
	char number[32];

	if (own_descriptors == -1)
		own_descriptors = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(number, sizeof(number), "%d", named);
	return own_descriptors == -1 ? -1 : openat(own_descriptors, number, flags);
}

/*
 * Opening a device can do things, so the path is only looked up at first, and what is no regular
 * file is never opened: then the descriptor is good for nothing but fstat(2).
 */
static int
open_regular(const char *path)
{
	enum { FLAGS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };
	int named = open(path, O_PATH | O_CLOEXEC);
	struct stat found;
	int fd, why;

	if (named == -1 || fstat(named, &found) == -1 || !S_ISREG(found.st_mode))
		return named;
	fd = reopen(named, FLAGS);
	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		fd = open(path, FLAGS);
	why = errno;
	close(named);
	errno = why;
	return fd;
}

static void
read_document(const char *root, struct document *document, struct diagnostics *diagnostics)
{
	char *path = format_or_exit("%s%s", root, document->path);
	int fd = open_regular(path);
	int why = errno;
	struct stat link;

	/* A dangling symbolic link is a file that cannot be opened, not one that does not exist. */
	document->exists =
	    fd != -1 || lstat(path, &link) == 0 || (errno != ENOENT && errno != ENOTDIR);
	free(path);
	if (fd != -1) {
		read_open_file(document, fd, diagnostics);
		close(fd);
	} else if (document->exists) {
		diagnostic_in_file(
		    diagnostics, document->path, "cannot be opened: %s", strerror(why));
	}
}

static int
is_dropin(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return entry->d_name[0] != '.' && size > 5 &&
	       strcmp(entry->d_name + size - 5, ".conf") == 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void
append_document(struct documents *documents, struct document document)
{
	documents->document = grow_or_exit(documents->document, documents->count, sizeof(document));
	documents->document[documents->count++] = document;
}

static void
read_dropins(const char *root, struct documents *documents, struct diagnostics *diagnostics)
{
	struct document *directory = &documents->directory;
	char *path = format_or_exit("%s%s", root, directory->path);
	struct dirent **entry = NULL;
	int count;

	directory->exists = stat(path, &directory->stat) == 0;
	count = directory->exists ? scandir(path, &entry, is_dropin, by_name) : 0;
	if (count == -1)
		diagnostic_in_file(
		    diagnostics, directory->path, "cannot be listed: %s", strerror(errno));
	else if (directory->exists && (directory->stat.st_mode & S_IWOTH) != 0)
		diagnostic_in_file(diagnostics, directory->path, "%s", writable_by_everyone);
	for (int i = 0; i < count; i++) {
		char *name = format_or_exit("%s/%s", directory->path, entry[i]->d_name);
		append_document(documents, document_named(name));
		read_document(root, &documents->document[documents->count - 1], diagnostics);
		free(name);
		free(entry[i]);
	}
	free(entry);
	free(path);
}

void
documents_read(const char *root, const char *conf, struct documents *documents,
    struct diagnostics *diagnostics)
{
	char dropins[PATH_LONGEST];
	struct text text = text_in(dropins, sizeof(dropins));

	path_put_dropins(&text, conf);
	*documents = (struct documents){ .directory = document_named(dropins) };
	read_dropins(root, documents, diagnostics);
	append_document(documents, document_named(conf));
	read_document(root, &documents->document[documents->count - 1], diagnostics);
}

static bool
wait_for_tick(const struct document *document)
{
	struct timespec now, wait = { 0 };
	int64_t age;

	if (!document->exists)
		return false;
	clock_gettime(CLOCK_REALTIME, &now);
	age = (int64_t)(now.tv_sec - document->stat.st_mtim.tv_sec) * 1000000000 + now.tv_nsec -
	      document->stat.st_mtim.tv_nsec;
	if (age < 0 || age >= GRAIN_NS)
		return false;
	wait.tv_nsec = GRAIN_NS - age;
	nanosleep(&wait, NULL);
	return true;
}

bool
documents_wait_for_tick(const struct documents *documents)
{
	bool waited = wait_for_tick(&documents->directory);

	for (size_t i = 0; i < documents->count; i++)
		waited |= wait_for_tick(&documents->document[i]);
	return waited;
}

static void
document_free(struct document *document)
{
	free(document->path);
	free(document->absolute);
	free(document->text);
}

void
documents_free(struct documents *documents)
{
	for (size_t i = 0; i < documents->count; i++)
		document_free(&documents->document[i]);
	document_free(&documents->directory);
	free(documents->document);
	*documents = (struct documents){ 0 };
}
