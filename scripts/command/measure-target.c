/* SPDX-License-Identifier: MIT */
#include "measure-target.h"

#include <stdio.h>
#include <string.h>

enum { HOST_SIZE = 256 };

/* Take HOST:PORT apart. An IPv6 address has to stand in brackets. */
static bool
take_apart(const char *host_port, char host[HOST_SIZE], const char **port)
{
	const char *start = host_port;
	const char *end = strrchr(host_port, ':');

	if (end == NULL || end[1] == '\0')
		return false;
	*port = end + 1;
	if (*start == '[') {
		start++;
		end--;
		if (end <= start || *end != ']')
			return false;
	} else if (memchr(start, ':', (size_t)(end - start)) != NULL) {
		return false;
	}
	if (end == start || end - start >= HOST_SIZE)
		return false;
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	return true;
}

static int
look_up(const char *host, const char *port, int family, int flags, struct addrinfo **found)
{
	struct addrinfo wanted = {
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = flags,
	};

	return getaddrinfo(host, port, &wanted, found);
}

bool
target_find(struct target *target, const char *host_port, const char *local, struct text *error,
    bool *is_usage)
{
	char host[HOST_SIZE];
	const char *port;
	int failure;

	*target = (struct target){ 0 };
	*is_usage = true;
	if (!take_apart(host_port, host, &port)) {
		text_put(error, host_port);
		text_put(error, ": not understood, allowed is HOST:PORT or [IPV6]:PORT");
		return false;
	}
	if (local != NULL && look_up(local, NULL, AF_UNSPEC, AI_NUMERICHOST, &target->local) != 0) {
		text_put(error, "--local: ");
		text_put(error, local);
		text_put(
		    error, ": not understood, allowed is an IPv4 or IPv6 address of this host");
		target->local = NULL;
		return false;
	}
	failure = look_up(host, port, local == NULL ? AF_UNSPEC : target->local->ai_family, 0,
	    &target->addresses);
	if (failure == 0) {
		target->chosen = target->addresses;
		return true;
	}
	target->addresses = NULL;
	*is_usage = failure == EAI_SERVICE;
	text_put(error, host_port);
	text_put(error, failure == EAI_SERVICE
			    ? ": no such port, allowed is 1..65535 or a name of /etc/services"
			    : ": cannot be looked up: ");
	text_put(error, failure == EAI_SERVICE ? "" : gai_strerror(failure));
	return false;
}

void
target_free(struct target *target)
{
	if (target->addresses != NULL)
		freeaddrinfo(target->addresses);
	if (target->local != NULL)
		freeaddrinfo(target->local);
}

void
target_name(const struct sockaddr *address, socklen_t size, char name[TARGET_NAME_SIZE])
{
	char host[TARGET_NAME_SIZE / 2];
	char port[8];
	bool is_ipv6 = address->sa_family == AF_INET6;

	if (getnameinfo(address, size, host, sizeof(host), port, sizeof(port),
		NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		snprintf(name, TARGET_NAME_SIZE, "?");
		return;
	}
	if (strcmp(port, "0") == 0)
		snprintf(name, TARGET_NAME_SIZE, "%s", host);
	else
		snprintf(name, TARGET_NAME_SIZE, is_ipv6 ? "[%s]:%s" : "%s:%s", host, port);
}
