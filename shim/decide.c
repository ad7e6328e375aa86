/* SPDX-License-Identifier: MIT */
#include "decide.h"

#include <stddef.h>
#include <string.h>

#include <netinet/in.h>

#include "apply.h"
#include "endpoint.h"
#include "mark.h"
#include "memory.h"

const struct settings *
decide_settings(const struct loaded *loaded, unsigned rule)
{
	const struct policy *connections = &loaded->connections;

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

/*
 * The own end, as far as it is known: a socket that was not bound has neither address nor port yet.
 */
static struct endpoint
endpoint_bound(int fd)
{
	struct endpoint local = endpoint_local(fd);

	local.known = local.known && local.port != 0 && !endpoint_is_any(&local);
	return local;
}

unsigned
decide_rule(const struct loaded *loaded, int fd, enum direction direction,
    const struct sockaddr *address, socklen_t size)
{
	const struct policy *connections = &loaded->connections;
	struct facts facts = { .direction = direction };
	const struct rule *rule;

	facts.remote = address == NULL ? endpoint_remote(fd) : endpoint_given(address, size);
	if (loaded->looks_at_local)
		facts.local = endpoint_bound(fd);
	rule = policy_match(connections, &facts);
	return rule == NULL ? 0 : (unsigned)(rule - connections->rules) + 1;
}

void
decide_learn_defaults(int fd)
{
	struct kept *kept = marks.kept;

	if (kept == NULL || atomic_load(&kept->has_defaults))
		return;
	kept->defaults = apply_read(fd);
	atomic_store(&kept->has_defaults, true);
}

struct settings
decide_defaults(void)
{
	const struct kept *kept = marks.kept;

	if (kept != NULL && atomic_load(&kept->has_defaults))
		return kept->defaults;
	return apply_defaults();
}

void
decide_switch(
    const struct loaded *loaded, int fd, struct record *record, unsigned rule, bool is_decided)
{
	unsigned before = record_rule(record);
	struct settings asked, defaults;

	/* First said, then done: a thread that sets an option meanwhile looks again after it. */
	record_decide(record, rule, is_decided);
	if (rule == before)
		return;
	asked = record_asked(record);
	defaults = decide_defaults();
	apply_change(fd, decide_settings(loaded, before), decide_settings(loaded, rule), &asked,
	    &defaults, loaded->next.setsockopt);
}
