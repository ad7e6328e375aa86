/* SPDX-License-Identifier: MIT */
#include "counters.h"

#include <stdlib.h>
#include <string.h>

#include "outside-file.h"

/* Names of the kernel: net/ipv4/proc.c, snmp4_net_list. */
const struct counter_row counter_table[COUNTER_COUNT] = {
	[COUNTER_PROBES] = { "TCPKeepAlive", "keepalive_probes", "keepalive probes sent",
	    "kashim_kernel_keepalive_probes_total", "Keepalive probes that the kernel sent." },
	[COUNTER_TIMED_OUT] = { "TCPAbortOnTimeout", "timed_out_connections",
	    "connections ended by a timer", "kashim_kernel_timed_out_connections_total",
	    "Connections that a timer of the kernel ended." },
	[COUNTER_RETRANSMITS] = { "TCPTimeouts", "retransmission_timeouts",
	    "retransmission timeouts", "kashim_kernel_retransmission_timeouts_total",
	    "Retransmission timers that expired." },
};

static void
take(const char *name, const char *value, uint64_t counters[COUNTER_COUNT])
{
	for (enum counter counter = 0; counter < COUNTER_COUNT; counter++)
		if (strcmp(counter_table[counter].kernel, name) == 0)
			counters[counter] = strtoull(value, NULL, 10);
}

/* Two lines of one kind: "TcpExt: NAME NAME...", then "TcpExt: VALUE VALUE...". */
bool
counters_read(int directory, uint64_t counters[COUNTER_COUNT])
{
	enum { MOST = 64 * 1024 };
	size_t size;
	char *text = file_read(directory, "net/netstat", MOST, &size);
	char *name = text == NULL ? NULL : strstr(text, "TcpExt:");
	char *value = name == NULL ? NULL : strstr(name + 1, "\nTcpExt:");
	char *end = value == NULL ? NULL : strchr(value + 1, '\n');

	memset(counters, 0, COUNTER_COUNT * sizeof(*counters));
	if (end != NULL) {
		*value++ = '\0';
		*end = '\0';
		for (;;) {
			const char *one = strtok_r(name, " ", &name);
			const char *other = strtok_r(value, " ", &value);

			if (one == NULL || other == NULL)
				break;
			take(one, other, counters);
		}
	}
	free(text);
	return end != NULL;
}
