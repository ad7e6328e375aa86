/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_PROFILE_H
#define KASHIM_PROFILE_H

#include <stdbool.h>

#include "policy.h"

/* A profile that needs no configuration: a path whose idle timeout its operator has documented. */
struct builtin_profile {
	char name[16];
	int32_t path_timeout; /* seconds */
};

/* What that path is, and where its timeout is documented: for people, and not in the shim. */
struct builtin_path {
	const char *what;
	const char *source;
};

/* One belongs to the other. */
enum { BUILTIN_PROFILES = 6 };
extern const struct builtin_profile builtin_profiles[BUILTIN_PROFILES];
extern const struct builtin_path builtin_paths[BUILTIN_PROFILES];

/*
 * Find a profile by its name of `size` bytes, first among those of the policy, then among the
 * built-in ones, and give its settings with everything derived. The policy may be NULL. Returns
 * false when there is none.
 */
bool profile_find(
    const struct policy *policy, const char *name, size_t size, struct settings *settings);

/*
 * Read settings from one line, as in the KASHIM variable: "idle=30,interval=5,count=3",
 * "profile=aws-nlb", or a mode alone, "off". What the line does not set comes from its profile,
 * then the policy's `defaults` (the built-in policy where `policy` is NULL); the mode is unset
 * unless the line names one, see profile_obey_line(). The result is not resolved yet. On failure `settings` is not touched,
 * returns false and says in `error` what is wrong and what is allowed.
 */
bool profile_read_line(
    const struct policy *policy, const char *line, struct settings *settings, struct text *error);

/*
 * What holds under a line, where `rule` of the policy would decide (both may be NULL): the line's
 * settings, in `tighten` unless it names a mode. A rule that says `off`, though not `defaults`,
 * holds against a line that names none: its settings, which are `off`.
 */
struct settings profile_obey_line(
    const struct policy *policy, const struct rule *rule, const struct settings *line);

#endif
