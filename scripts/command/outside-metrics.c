/* SPDX-License-Identifier: MIT */
#include "outside-metrics.h"

void
metrics_add_finding(struct metrics *metrics, const struct finding *finding)
{
	int32_t keepalive = finding->socket.have.value[OPTION_KEEPALIVE];
	int state = finding->socket.state;

	if (finding->kind == FINDING_PROCESS) {
		metrics->unreadable++;
		return;
	}
	metrics->sockets[state > 0 && state < METRICS_STATES ? state : 0]
			[keepalive == 1      ? METRICS_ON
			    : keepalive == 0 ? METRICS_OFF
					     : METRICS_UNKNOWN]++;
	metrics->unprotected += finding->verdict.standing == STANDING_UNPROTECTED;
}
