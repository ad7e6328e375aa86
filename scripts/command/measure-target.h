/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_MEASURE_TARGET_H
#define KASHIM_MEASURE_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include <netdb.h>
#include <sys/socket.h>

#include "text.h"

/* Where the connections go, and from where. To be freed. */
struct target {
	struct addrinfo *addresses;    /* of the host, in the order in which to try them */
	const struct addrinfo *chosen; /* the one that is used: the first at the beginning */
	struct addrinfo *local;        /* the own end, or NULL for any */
};

enum { TARGET_NAME_SIZE = 80 };

/*
 * Look up HOST:PORT or [IPV6]:PORT, and the own address unless that is NULL. Host and port may be
 * names. On failure says in `error` what is wrong and what is allowed; `is_usage` says whether it
 * is the way it is written, or the name is not known.
 */
bool target_find(struct target *target, const char *host_port, const char *local,
    struct text *error, bool *is_usage);
void target_free(struct target *target);

/*
 * Write an address as "10.0.0.5:7000", "[fd77::1]:7000"; one without a port as the address alone.
 */
void target_name(const struct sockaddr *address, socklen_t size, char name[TARGET_NAME_SIZE]);

#endif
