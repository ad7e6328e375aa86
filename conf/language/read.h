/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_READ_H
#define KASHIM_READ_H

#include "node.h"

/*
 * Read a text that ends with a NUL, in the syntax of libconfig, into a tree. `tree->file` and
 * `tree->diagnostics` are set by the caller. Returns false, with a diagnostic added and an empty tree, where
 * the text cannot be read. libconfig gets text alone: it opens no file. Free with read_free() in
 * either case.
 */
bool read_tree(const char *text, struct tree *tree);
void read_free(struct tree *tree);

#endif
