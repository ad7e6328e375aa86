/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_METRICS_H
#define KASHIM_OUTSIDE_METRICS_H

#include "metrics.h"
#include "outside-finding.h"

/* Count what was found out about a socket or a process. */
void metrics_add_finding(struct metrics *metrics, const struct finding *finding);

#endif
