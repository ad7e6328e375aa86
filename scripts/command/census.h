/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_CENSUS_H
#define KASHIM_CENSUS_H

#include <stdbool.h>
#include <stddef.h>

/* Which processes of the host run with the library. */

enum census_kind {
	CENSUS_LOADED,
	CENSUS_OLD, /* with a library that was replaced since */
	CENSUS_WITHOUT,
	CENSUS_ELSEWHERE, /* in containers: another root has its own /etc/ld.so.preload */
	CENSUS_UNREACHED, /* static, Go */
	CENSUS_UNKNOWN,   /* may not be looked at */
	CENSUS_KINDS
};

struct census {
	unsigned count[CENSUS_KINDS];
	struct program_count *programs; /* that need a restart, by name */
	size_t program_count;
};

/*
 * Count the processes. Those without the library need a restart where it is enabled for the whole
 * host. Free with census_free().
 */
struct census census_take(bool is_enabled);
void census_free(struct census *census);

/* The programs that need a restart: "cron, sshd (3)". To be freed. */
char *census_programs(const struct census *census);

#endif
