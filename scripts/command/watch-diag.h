/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_WATCH_DIAG_H
#define KASHIM_WATCH_DIAG_H

#include "policy.h"

/* A TCP socket as the kernel's netlink interface lists it: sock_diag(7). Nothing waits for it. */
struct diag {
	uint64_t cookie; /* no other socket has it, as long as the host runs */
	uint64_t inode;  /* 0 where no process has it: not accepted yet, or closed already */
	int state;       /* TCP_ESTABLISHED and the like */
	int timer;       /* enum diag_timer */
	struct endpoint local;
};

/* struct inet_diag_msg, idiag_timer. */
enum diag_timer { DIAG_TIMER_NONE, DIAG_TIMER_RETRANSMIT, DIAG_TIMER_KEEPALIVE };

typedef void diag_visit(const struct diag *socket, void *context);

/*
 * A descriptor that lists the sockets of a network namespace, by one of its processes, whose
 * /proc/PID `directory` is; -1 where there is none to be had. While it is open, the namespace stays:
 * close it soon.
 */
int diag_open(int directory);

/*
 * Visit all TCP sockets but those that only wait for late segments. Returns false where the kernel
 * does not answer.
 */
bool diag_list(int netlink, diag_visit *visit, void *context);

#endif
