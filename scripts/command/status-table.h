/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_STATUS_TABLE_H
#define KASHIM_STATUS_TABLE_H

#include "outside-finding.h"
#include "table.h"

/* What status shows of a socket's options, in the order of the columns. */
enum { STATUS_OPTIONS = 5 };
extern const enum option_id status_options[STATUS_OPTIONS];

/*
 * After how many seconds silence ends the connection, by what its socket has, and data in flight do,
 * about, with as many retransmissions as a new kernel makes; -1 for never and where nobody knows.
 */
int64_t status_dead_after(const struct finding *finding);
int64_t status_in_flight_after(const struct finding *finding);

/* The table of kashim status for people, and a row of it. */
struct table status_table(void);
void status_add_row(struct table *table, const struct finding *finding);

#endif
