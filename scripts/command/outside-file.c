/* SPDX-License-Identifier: MIT */
#include "outside-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "allocate.h"
#include "path.h"
#include "text.h"

static int
open_file(int directory, const char *name)
{
	return openat(directory, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

char *
file_read(int directory, const char *name, size_t most, size_t *size)
{
	int fd = open_file(directory, name);
	char *bytes = NULL;
	ssize_t part = 1;
	int why;

	*size = 0;
	if (fd == -1)
		return NULL;
	for (size_t room = 4096; part > 0 && *size <= most; room *= 2) {
		bytes = allocate_or_exit(bytes, room + 1);
		while (*size < room && (part = read(fd, bytes + *size, room - *size)) > 0)
			*size += (size_t)part;
	}
	bytes[*size] = '\0';
	why = part == -1 ? errno : *size > most ? EFBIG : 0;
	close(fd);
	if (why == 0)
		return bytes;
	free(bytes);
	errno = why;
	return NULL;
}

bool
file_read_link(int directory, const char *name, char *path)
{
	static const char gone[] = " (deleted)";
	ssize_t size = readlinkat(directory, name, path, PATH_LONGEST - 1);
	size_t end = size == -1 ? 0 : (size_t)size;

	path[end] = '\0';
	if (end >= sizeof(gone) && strcmp(path + end - (sizeof(gone) - 1), gone) == 0)
		path[end - (sizeof(gone) - 1)] = '\0';
	return size != -1;
}

bool
file_find(int directory, const char *name, const char *word, char *next)
{
	enum { PART = 32 * 1024 };
	size_t length = strlen(word), kept = 0;
	int fd = open_file(directory, name);
	char *found = NULL;
	char room[PART];
	ssize_t part;

	if (fd == -1)
		return false;
	/* What may be the start of the word, and the byte behind it, are kept for the next part. */
	while (found == NULL && (part = read(fd, room + kept, sizeof(room) - kept)) > 0) {
		size_t size = kept + (size_t)part;

		found = memmem(room, size, word, length);
		if (found != NULL && found + length < room + size) {
			*next = found[length];
		} else if (found != NULL) {
			*next = '\0';
			if (read(fd, next, 1) != 1)
				*next = '\0';
		} else {
			kept = size < length ? size : length - 1;
			memmove(room, room + size - kept, kept);
		}
	}
	close(fd);
	return found != NULL;
}

char *
file_read_status(int directory)
{
	enum { STATUS_MOST = 1 << 20 };
	size_t size;

	return file_read(directory, "status", STATUS_MOST, &size);
}

bool
file_find_ids(const char *status, const char *key, uint32_t ids[FILE_IDS])
{
	const char *at = strstr(status, key);
	char *end;

	if (at == NULL)
		return false;
	at += strlen(key);
	for (int i = 0; i < FILE_IDS; i++, at = end) {
		ids[i] = (uint32_t)strtoul(at, &end, 10);
		if (end == at)
			return false;
	}
	return true;
}

/* The name stands in brackets and may hold any byte; what follows has none. */
bool
file_read_stat(int directory, struct file_stat *stat)
{
	enum { STATE = 1, PARENT = 2, THREADS = 18, STARTED = 20 };
	char line[1024];
	int fd = open_file(directory, "stat");
	ssize_t size = fd == -1 ? -1 : read(fd, line, sizeof(line) - 1);
	char *name, *rest, *field;
	struct text command;

	if (fd != -1)
		close(fd);
	if (size <= 0)
		return false;
	line[size] = '\0';
	name = strchr(line, '(');
	rest = strrchr(line, ')');
	if (name == NULL || rest == NULL || rest < name)
		return false;
	*stat = (struct file_stat){ 0 };
	command = text_in(stat->command, sizeof(stat->command));
	text_put_bytes(&command, name + 1, (size_t)(rest - name - 1));
	rest++;
	for (int i = STATE; i <= STARTED; i++) {
		field = strtok_r(rest, " ", &rest);
		if (field == NULL)
			return false;
		if (i == STATE)
			stat->state = *field;
		else if (i == PARENT)
			stat->parent = (pid_t)strtol(field, NULL, 10);
		else if (i == THREADS)
			stat->threads = strtol(field, NULL, 10);
		else if (i == STARTED)
			stat->started = strtoull(field, NULL, 10);
	}
	return true;
}
