/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_CHILD_H
#define KASHIM_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Have a configuration compiled by the kashim(1) that stands beside `library` (the path of
 * libkashim.so), or else where it was installed, in a child of this program. What it says goes to
 * `buffer`: a compiled policy, or a message. `environment` is that of this program; the child gets
 * it without LD_PRELOAD. Takes two and a half seconds at most; leaves no child, no descriptor, no
 * signal. Returns how many bytes came, `size` where they did not fit, or -1 where no child could be
 * made.
 */
ssize_t child_compile(
    const char *library, const char *conf, char **environment, char *buffer, size_t size);

#endif
