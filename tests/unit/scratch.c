/* SPDX-License-Identifier: MIT */
#include "scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

static char directory[] = "/tmp/kashim-unit.XXXXXX";

void
scratch_begin(void)
{
	umask(022);
	if (mkdtemp(directory) != NULL)
		return;
	perror(directory);
	exit(EXIT_FAILURE);
}

static int
remove_one(const char *path, const struct stat *found, int type, struct FTW *where)
{
	(void)found;
	(void)type;
	(void)where;
	return remove(path);
}

void
scratch_end(void)
{
	if (chdir("/") == -1 || nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS) == -1)
		perror(directory);
}

void
scratch_enter(void)
{
	char name[sizeof(directory) + sizeof("/XXXXXX")];

	snprintf(name, sizeof(name), "%s/XXXXXX", directory);
	ck_assert_ptr_nonnull(mkdtemp(name));
	ck_assert_int_eq(chdir(name), 0);
}

void
scratch_write_bytes(const char *name, const void *bytes, size_t size, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

void
scratch_write(const char *name, const char *text)
{
	scratch_write_bytes(name, text, strlen(text), 0644);
}

char *
scratch_path(const char *name)
{
	char *here = getcwd(NULL, 0);
	char *path = NULL;

	ck_assert_ptr_nonnull(here);
	ck_assert_int_ne(asprintf(&path, "%s/%s", here, name), -1);
	free(here);
	return path;
}

__attribute__((format(printf, 1, 0))) static const char *
format_text(const char *format, va_list arguments)
{
	static char texts[8][4096];
	static unsigned turn;
	char *text = texts[turn++ % 8];
	/* The analyzer forgets va_start() when it has looked at another file before. */
	/* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	int size = vsnprintf(text, sizeof(texts[0]), format, arguments);

	ck_assert(size >= 0 && (size_t)size < sizeof(texts[0]));
	return text;
}

const char *
scratch_text(const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = format_text(format, arguments);
	va_end(arguments);
	return text;
}

uint32_t
scratch_random(uint32_t limit)
{
	static uint64_t state = 20260401;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33) % limit;
}
