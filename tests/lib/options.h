/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_TESTS_OPTIONS_H
#define KASHIM_TESTS_OPTIONS_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>

#include <sys/socket.h>

/* Of Linux 6.15, and not in older headers. */
#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS 44
#endif

/* Socket options by the names that the kernel's headers give them. */
static const struct option_name {
	const char *name;
	int level, option;
} option_names[] = {
	{ "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE },
	{ "SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR },
	{ "TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE },
	{ "TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL },
	{ "TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT },
	{ "TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT },
	{ "TCP_SYNCNT", IPPROTO_TCP, TCP_SYNCNT },
	{ "TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT },
	{ "TCP_MAXSEG", IPPROTO_TCP, TCP_MAXSEG },
	{ "TCP_WINDOW_CLAMP", IPPROTO_TCP, TCP_WINDOW_CLAMP },
	{ "TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY },
	{ "TCP_FASTOPEN", IPPROTO_TCP, TCP_FASTOPEN },
	{ "TCP_RTO_MAX_MS", IPPROTO_TCP, TCP_RTO_MAX_MS },
};

static inline const struct option_name *
option_by_name(const char *name)
{
	for (size_t i = 0; name != NULL && i < sizeof(option_names) / sizeof(*option_names); i++)
		if (strcmp(option_names[i].name, name) == 0)
			return &option_names[i];
	return NULL;
}

#endif
