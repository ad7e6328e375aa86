/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_CONFIGURATION_H
#define KASHIM_CONFIGURATION_H

#include <stdbool.h>

#include "build.h"
#include "diagnostic.h"
#include "document.h"
#include "group.h"

/* A configuration file and its drop-ins, read and merged into a policy. */
struct configuration {
	struct documents documents;
	struct build build;
	struct origins *origins; /* of the settings of each rule; the last rule is `defaults` */
	struct diagnostics diagnostics;
	bool exists; /* there was a file or a drop-in; if not, the policy is the built-in one */
};

/*
 * Read the configuration file `conf` and its drop-ins, below `root` ("" for the running system),
 * into a policy whose last rule is `defaults`. Returns true when there is no error; else all diagnostics
 * of all files are in `configuration->diagnostics`, and the policy is of no use. Free with
 * configuration_free() in either case.
 */
bool configuration_read(const char *root, const char *conf, struct configuration *configuration);
void configuration_free(struct configuration *configuration);

#endif
