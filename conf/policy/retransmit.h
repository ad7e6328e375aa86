/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_RETRANSMIT_H
#define KASHIM_RETRANSMIT_H

#include <stdint.h>

/*
 * When the kernel gives up data that nobody acknowledges: net/ipv4/tcp_timer.c,
 * retransmits_timed_out() and tcp_model_timeout(). It takes a connection whose first retransmission
 * is due after TCP_RTO_MIN, 200 ms, whatever the path's own time is; each wait is twice the one
 * before, and none is longer than TCP_RTO_MAX_MS. The waits for as many retransmissions as
 * net.ipv4.tcp_retries2 says, and one more, add up to the time from the first retransmission to the
 * end. It looks when a retransmission is due, so a connection ends up to one wait later than that.
 */
enum {
	RETRANSMIT_FIRST = 200,        /* milliseconds, TCP_RTO_MIN */
	RETRANSMIT_RETRIES = 15,       /* net.ipv4.tcp_retries2, unless it was changed */
	RETRANSMIT_RETRIES_MOST = 255, /* the sysctl is a byte */
};

/*
 * That sum in milliseconds, where no wait is longer than `longest` milliseconds, which are in the
 * range of retransmit_max. More retries than there can be count as the most.
 */
int32_t retransmit_ends_after(int32_t longest, uint32_t retries);

/* As people are told: seconds, beyond a minute in steps of five, as it is never exact. */
int64_t retransmit_about(int64_t milliseconds);

/*
 * The shortest retransmit_max, in milliseconds, that gives data in flight at least `wanted`
 * milliseconds; in tenths of a second, which the kernel's clock has on every machine. VALUE_UNSET
 * where the kernel's own choice ends them sooner than that, or as soon: then there is nothing to
 * shorten.
 */
int32_t retransmit_max_for(int64_t wanted, uint32_t retries);

#endif
