/* SPDX-License-Identifier: MIT */
#include "decide.h"

#include <stddef.h>
#include <string.h>

#include <netinet/in.h>

#include "apply.h"
#include "endpoint.h"
#include "memory.h"

const struct settings *
decide_settings(const struct loaded *loaded, struct mark mark)
{
	const struct policy *connections = &loaded->connections;

	unsigned rule = mark_rule(mark);

	if (rule == 0 || rule > connections->rule_count)
		return &loaded->settings;
	return &connections->settings[connections->rules[rule - 1].settings];
}

/*
 * The address that the program gives to connect(2), if it can be read and is long enough for the
 * kernel: SIN6_LEN_RFC2133 in net/ipv6/tcp_ipv6.c. No address at all means this host. Only what
 * counts is looked at: behind that, a program may have left it as it was.
 */
static struct endpoint
endpoint_given(const struct sockaddr *address, socklen_t size)
{
	enum {
		IPV4_PART = offsetof(struct sockaddr_in, sin_zero),
		IPV6_PART = offsetof(struct sockaddr_in6, sin6_scope_id),
	};
	struct sockaddr_storage copy = { 0 };
	struct endpoint endpoint;

	if (size < sizeof(struct sockaddr_in) || size > sizeof(copy) ||
	    !memory_is_readable(address, IPV4_PART))
		return (struct endpoint){ 0 };
	memcpy(&copy, address, IPV4_PART);
	if (copy.ss_family == AF_INET6) {
		if (size < IPV6_PART || !memory_is_readable(address, IPV6_PART))
			return (struct endpoint){ 0 };
		memcpy(&copy, address, IPV6_PART);
	}
	endpoint = endpoint_of(&copy);
	if (endpoint.known && endpoint_is_any(&endpoint))
		endpoint.address[3] = endpoint.address[2] == 0 ? 1 : INADDR_LOOPBACK;
	return endpoint;
}

/* The own end, as far as it is known: a socket that was not bound has neither address nor port yet.
 */
static struct endpoint
endpoint_bound(int fd)
{
	struct endpoint local = endpoint_local(fd);

	local.known = local.known && local.port != 0 && !endpoint_is_any(&local);
	return local;
}

struct mark
decide_rule(const struct loaded *loaded, int fd, struct mark mark, enum direction direction,
    const struct sockaddr *address, socklen_t size)
{
	const struct policy *connections = &loaded->connections;
	struct facts facts = { .direction = direction };
	const struct rule *rule;

	facts.remote = address == NULL ? endpoint_remote(fd) : endpoint_given(address, size);
	if (loaded->looks_at_local)
		facts.local = endpoint_bound(fd);
	rule = policy_match(connections, &facts);
	mark.late = 0;
	mark.number = rule == NULL ? 0 : (unsigned)(rule - connections->rules) + 1;
	mark.decided = 1;
	return mark;
}

struct mark
decide(const struct loaded *loaded, int fd, struct mark before, enum direction direction,
    const struct sockaddr *address, socklen_t size)
{
	struct mark mark = decide_rule(loaded, fd, before, direction, address, size);

	apply_change(fd, decide_settings(loaded, before), decide_settings(loaded, mark), mark.asked,
	    &loaded->defaults, loaded->next.setsockopt);
	return mark;
}
