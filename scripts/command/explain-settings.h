/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_EXPLAIN_SETTINGS_H
#define KASHIM_EXPLAIN_SETTINGS_H

#include <stdio.h>

#include "host-tcp.h"
#include "settings.h"
#include "terminal.h"

/*
 * Print settings, resolved, in one line; all but retransmit_max, of which explain_in_flight() says
 * what it means.
 */
void explain_settings(FILE *out, const struct settings *settings);

/*
 * Say after which time data in flight end a connection on this host; where its kernel has no
 * retransmit_max, also what helps.
 */
void explain_in_flight(FILE *out, const struct settings *settings, const struct host_tcp *host);

/* Draw idle time, probes and end as a line, and say what that costs on the wire. */
void explain_timeline(FILE *out, const struct settings *settings, const struct terminal *terminal);

/*
 * A probe and its answer take this many bytes each on the wire: 20 bytes IPv4, 20 bytes TCP, 12
 * bytes timestamps; RFC 9293, RFC 7323.
 */
enum { EXPLAIN_PROBE_BYTES = 52 };

#endif
