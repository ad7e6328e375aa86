/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_PATH_H
#define KASHIM_PATH_H

#include <stdbool.h>

#include "text.h"

/* Where a configuration is, unless KASHIM_CONF names another one. */
#ifndef KASHIM_SYSCONFDIR
#define KASHIM_SYSCONFDIR "/etc"
#endif
#define PATH_CONF_DEFAULT KASHIM_SYSCONFDIR "/kashim.conf"

enum { PATH_LONGEST = 4096 };

/*
 * Append the compiled form of a configuration, X.policy for X.conf, or its drop-in directory,
 * X.conf.d.
 */
void path_put_compiled(struct text *text, const char *conf);
void path_put_dropins(struct text *text, const char *conf);

/* The last part of a path: what stands behind its last slash. */
const char *path_base(const char *path);

/*
 * Append an absolute path: `path` itself, or below `directory` when it is relative; "." and ".."
 * are taken out as text, so symbolic links stay as they were written.
 */
void path_put_absolute(struct text *text, const char *directory, const char *path);

#endif
