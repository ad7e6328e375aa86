/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_HOST_TCP_H
#define KASHIM_HOST_TCP_H

#include <stdbool.h>
#include <stdint.h>

#include "settings.h"

/* What this host's kernel does with data in flight, as far as retransmit.h needs it. */
struct host_tcp {
	uint32_t retries;        /* net.ipv4.tcp_retries2 */
	bool has_retransmit_max; /* TCP_RTO_MAX_MS, of Linux 6.15 */
};

/*
 * Of the network namespace that the command runs in. The kernel is asked by a socket, since
 * distributions bring options to older kernels. What cannot be found out is as in a new kernel that
 * nobody has tuned.
 */
struct host_tcp host_tcp(void);

/*
 * After how many seconds data in flight end a connection here, about, with settings that are
 * resolved: settings_in_flight_after(), to five seconds where that is more than a minute.
 */
int64_t host_tcp_in_flight_after(const struct host_tcp *host, const struct settings *settings);

#endif
