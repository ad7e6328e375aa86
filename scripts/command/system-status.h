/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_SYSTEM_STATUS_H
#define KASHIM_SYSTEM_STATUS_H

#include <stdbool.h>

/*
 * What `kashim system status` prints: whether the library is loaded into every program, which
 * policy is in force, and which processes have it. Returns whether it is enabled and in order.
 */
bool system_status(bool is_json);

#endif
