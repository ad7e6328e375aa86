/* SPDX-License-Identifier: MIT */
#include "decide.h"

#include <stddef.h>
#include <string.h>

#include <netinet/in.h>

#include "apply.h"
#include "memory.h"

bool
decide_waits(const struct loaded *loaded)
{
	return loaded->connections.rule_count != 0;
}

const struct settings *
decide_settings(const struct loaded *loaded, struct mark mark)
{
	const struct policy *connections = &loaded->connections;

	if (mark.rule == 0 || mark.rule > connections->rule_count)
		return &loaded->settings;
	return &connections->settings[connections->rules[mark.rule - 1].settings];
}

/* IPv4 in its mapped form; anything but IPv4 and IPv6 is not known. */
static struct endpoint
endpoint_of(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	struct endpoint endpoint = { 0 };

	if (address->ss_family == AF_INET) {
		endpoint.known = true;
		endpoint.port = ntohs(v4->sin_port);
		endpoint.address[2] = 0xffff;
		endpoint.address[3] = ntohl(v4->sin_addr.s_addr);
	} else if (address->ss_family == AF_INET6) {
		endpoint.known = true;
		endpoint.port = ntohs(v6->sin6_port);
		memcpy(endpoint.address, &v6->sin6_addr, sizeof(endpoint.address));
		for (int i = 0; i < 4; i++)
			endpoint.address[i] = ntohl(endpoint.address[i]);
	}
	return endpoint;
}

static bool
is_any(const uint32_t address[4])
{
	return address[0] == 0 && address[1] == 0 && (address[2] == 0 || address[2] == 0xffff) &&
	       address[3] == 0;
}

/*
 * The address that the program gives to connect(2), if it can be read and is long enough for the
 * kernel: SIN6_LEN_RFC2133 in net/ipv6/tcp_ipv6.c. No address at all means this host.
 */
static struct endpoint
endpoint_given(const struct sockaddr *address, socklen_t size)
{
	enum { IPV6_SHORTEST = offsetof(struct sockaddr_in6, sin6_scope_id) };
	struct sockaddr_storage copy = { 0 };
	struct endpoint endpoint;

	if (size < sizeof(struct sockaddr_in) || size > sizeof(copy) ||
	    !memory_is_readable(address, size))
		return (struct endpoint){ 0 };
	memcpy(&copy, address, size);
	if (copy.ss_family == AF_INET6 && size < IPV6_SHORTEST)
		return (struct endpoint){ 0 };
	endpoint = endpoint_of(&copy);
	if (endpoint.known && is_any(endpoint.address))
		endpoint.address[3] = endpoint.address[2] == 0 ? 1 : INADDR_LOOPBACK;
	return endpoint;
}

typedef int ask_name(int, struct sockaddr *, socklen_t *);

static struct endpoint
endpoint_asked(int fd, ask_name *ask)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);

	if (ask(fd, (struct sockaddr *)&address, &size) == -1)
		return (struct endpoint){ 0 };
	return endpoint_of(&address);
}

/* The own end, as far as it is known: a socket that was not bound has neither address nor port yet.
 */
static struct endpoint
endpoint_local(int fd)
{
	struct endpoint local = endpoint_asked(fd, getsockname);

	local.known = local.known && local.port != 0 && !is_any(local.address);
	return local;
}

struct mark
decide_rule(const struct loaded *loaded, int fd, struct mark mark, enum direction direction,
    const struct sockaddr *address, socklen_t size)
{
	const struct policy *connections = &loaded->connections;
	struct facts facts = { .direction = direction };
	const struct rule *rule;

	facts.remote =
	    address == NULL ? endpoint_asked(fd, getpeername) : endpoint_given(address, size);
	if (loaded->looks_at_local)
		facts.local = endpoint_local(fd);
	rule = policy_match(connections, &facts);
	mark.rule = rule == NULL ? 0 : (unsigned)(rule - connections->rules) + 1;
	mark.decided = 1;
	return mark;
}

struct mark
decide(const struct loaded *loaded, int fd, struct mark before, enum direction direction,
    const struct sockaddr *address, socklen_t size)
{
	struct mark mark = decide_rule(loaded, fd, before, direction, address, size);

	apply_change(fd, decide_settings(loaded, before), decide_settings(loaded, mark), mark.asked,
	    &loaded->defaults);
	return mark;
}
