/* SPDX-License-Identifier: MIT */
#include "path.h"

#include <string.h>

void
path_put_compiled(struct text *text, const char *conf)
{
	size_t size = strlen(conf);

	if (size > 5 && strcmp(conf + size - 5, ".conf") == 0)
		size -= 5;
	text_put_bytes(text, conf, size);
	text_put(text, ".policy");
}

const char *
path_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

void
path_put_dropins(struct text *text, const char *conf)
{
	text_put(text, conf);
	text_put(text, ".d");
}

/* Append the parts of a path one by one; `root` is where the path starts in the text. */
static void
put_parts(struct text *text, size_t root, const char *path)
{
	while (*path != '\0') {
		size_t size = strcspn(path, "/");

		if (size == 2 && memcmp(path, "..", 2) == 0) {
			while (text->used > root && text->start[--text->used] != '/')
				continue;
			text->start[text->used] = '\0';
		} else if (size != 0 && !(size == 1 && *path == '.')) {
			text_put(text, "/");
			text_put_bytes(text, path, size);
		}
		path += size;
		path += strspn(path, "/");
	}
}

void
path_put_absolute(struct text *text, const char *directory, const char *path)
{
	size_t root = text->used;

	if (*path != '/')
		put_parts(text, root, directory);
	put_parts(text, root, path);
	if (text->used == root)
		text_put(text, "/");
}
