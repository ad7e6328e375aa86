/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_OUTSIDE_JSON_H
#define KASHIM_OUTSIDE_JSON_H

#include "json.h"
#include "outside-finding.h"

/* Which socket it is: pid, program, fd, local_address, local_port, remote_address, remote_port. */
void outside_json_name(struct json *json, const struct finding *finding);

#endif
