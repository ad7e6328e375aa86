/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_STATUS_TABLE_H
#define KASHIM_STATUS_TABLE_H

#include "outside-finding.h"
#include "table.h"

/* What status shows of a socket's options, in the order of the columns. */
enum { STATUS_OPTIONS = 5 };
extern const enum option_id status_options[STATUS_OPTIONS];

/* The table of kashim status for people, and a row of it. */
struct table status_table(void);
void status_add_row(struct table *table, const struct finding *finding);

#endif
