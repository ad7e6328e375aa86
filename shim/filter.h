/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_FILTER_H
#define KASHIM_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A filter of system calls, as seccomp(2) takes it: struct sock_fprog and struct sock_filter of
 * linux/filter.h, which musl-gcc hides.
 */
struct filter_step {
	uint16_t code;
	uint8_t if_true, if_false;
	uint32_t value;
};

struct filter {
	unsigned short count;
	const struct filter_step *steps;
};

enum { FILTER_LONGEST = 4096 };

/*
 * Whether a call under this filter comes back, with an error or without one; else the filter kills
 * the caller, or sends it a signal, or asks someone else. Of the arguments the first three count. Where
 * it is not known how the kernel names this machine to a filter, every call comes back.
 */
bool filter_lets(const struct filter *filter, long call, const uint32_t arguments[3]);

#endif
