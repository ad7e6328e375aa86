/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_REPORT_H
#define KASHIM_REPORT_H

#include "load.h"

/*
 * Remember what standard error is, where reports go there: later its number may be that of the
 * program's data. Part of loading. Changes errno.
 */
void report_prepare(struct loaded *loaded);

/*
 * A TCP socket got the policy: by this connection rule, from 1, or by the other rules, 0; `is_decided`
 * where its connection is known. With the first one goes what there was to say about loading, and
 * with each, if KASHIM_VERBOSE is set, one line. Reports are lost rather than that they block,
 * signal or write to the wrong place. Changes errno.
 */
void report_socket(int fd, const struct loaded *loaded, unsigned rule, bool is_decided);

/* Sockets are left alone from now on: a line, if KASHIM_VERBOSE is set. Changes errno. */
void report_left_alone(const struct loaded *loaded);

#endif
