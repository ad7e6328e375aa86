/* SPDX-License-Identifier: MIT */
#include "address.h"

#include <string.h>

#include <arpa/inet.h>

enum { IPV4_BITS = 32, IPV6_BITS = 128, MAPPED_BITS = IPV6_BITS - IPV4_BITS };

/* An address, IPv4 in its mapped form. Gives how many bits its own family has. */
static bool
read_address(const char *text, uint32_t address[4], uint32_t *bits)
{
	struct in_addr v4;
	struct in6_addr v6;

	if (inet_pton(AF_INET, text, &v4) == 1) {
		address[0] = address[1] = 0;
		address[2] = 0xffff;
		address[3] = ntohl(v4.s_addr);
		*bits = IPV4_BITS;
		return true;
	}
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return false;
	for (int i = 0; i < 4; i++) {
		memcpy(&address[i], &v6.s6_addr[4 * i], sizeof(address[i]));
		address[i] = ntohl(address[i]);
	}
	*bits = IPV6_BITS;
	return true;
}

/* A decimal number of at most `max`, up to `end`; `max` is far from overflow. */
static bool
read_number(const char *text, const char *end, uint32_t max, uint32_t *number)
{
	*number = 0;
	if (text == end)
		return false;
	for (; text < end; text++) {
		if (*text < '0' || *text > '9')
			return false;
		*number = *number * 10 + (uint32_t)(*text - '0');
		if (*number > max)
			return false;
	}
	return true;
}

/* Clear what is beyond the prefix; returns whether something was there. */
static bool
clear_host_bits(struct network *network)
{
	bool cleared = false;

	for (uint32_t i = 0; i < 4; i++) {
		uint32_t kept = network->prefix > 32 * i ? network->prefix - 32 * i : 0;
		uint32_t mask = kept == 0 ? 0 : UINT32_MAX << (kept >= 32 ? 0 : 32 - kept);

		cleared |= (network->address[i] & ~mask) != 0;
		network->address[i] &= mask;
	}
	return cleared;
}

static void
put_quoted(struct text *error, const char *text)
{
	text_put(error, "\"");
	text_put_bytes(error, text, strnlen(text, 64));
	text_put(error, "\"");
}

bool
address_read_network(const char *text, struct network *network, struct text *error)
{
	char address[INET6_ADDRSTRLEN] = "";
	const char *start = text + (*text == '!');
	size_t size = strcspn(start, "/");
	uint32_t bits = 0;
	uint32_t prefix;

	*network = (struct network){ .excluded = *text == '!' };
	if (size < sizeof(address))
		memcpy(address, start, size);
	if (!read_address(address, network->address, &bits)) {
		put_quoted(error, text);
		text_put(error,
		    " is not an address, allowed are IPv4 and IPv6 addresses like \"10.20.0.0/16\" or \"2001:db8::/32\", with ! in front to exclude");
		return false;
	}
	prefix = bits;
	if (start[size] == '/' &&
	    !read_number(start + size + 1, start + strlen(start), bits, &prefix)) {
		put_quoted(error, text);
		text_put(error, ": the prefix is not within 0..");
		text_put_number(error, bits);
		return false;
	}
	network->prefix = prefix + IPV6_BITS - bits;
	if (!clear_host_bits(network))
		return true;
	put_quoted(error, text);
	text_put(error, " has bits set beyond its prefix, did you mean \"");
	address_put_network(error, network);
	text_put(error, "\"?");
	return false;
}

void
address_put_network(struct text *text, const struct network *network)
{
	char name[INET6_ADDRSTRLEN];
	struct in6_addr v6;
	bool is_v4 = network->prefix >= MAPPED_BITS && policy_is_ipv4(network->address);

	for (int i = 0; i < 4; i++) {
		uint32_t word = htonl(network->address[i]);

		memcpy(&v6.s6_addr[4 * i], &word, sizeof(word));
	}
	if (is_v4)
		inet_ntop(AF_INET, &v6.s6_addr[12], name, sizeof(name));
	else
		inet_ntop(AF_INET6, &v6, name, sizeof(name));
	text_put(text, network->excluded ? "!" : "");
	text_put(text, name);
	if (network->prefix == IPV6_BITS)
		return;
	text_put(text, "/");
	text_put_number(text, network->prefix - (is_v4 ? MAPPED_BITS : 0));
}

/* "8000" or "8000-8099", up to `end`. */
static bool
read_range(const char *text, const char *end, uint32_t *range)
{
	const char *dash = memchr(text, '-', (size_t)(end - text));
	uint32_t first, last;

	if (!read_number(text, dash == NULL ? end : dash, 65535, &first))
		return false;
	last = first;
	if (dash != NULL && !read_number(dash + 1, end, 65535, &last))
		return false;
	*range = first << 16 | last;
	return first > 0 && first <= last;
}

bool
address_read_ports(
    const char *text, uint32_t *ranges, uint32_t room, uint32_t *count, struct text *error)
{
	for (const char *at = text;; at++) {
		size_t size = strcspn(at, ",");
		size_t blanks = strspn(at, " ");

		if (*count == room) {
			text_put(error, "more than ");
			text_put_number(error, room);
			text_put(error, " ranges, give some of them to a second rule");
			return false;
		}
		if (blanks > size || !read_range(at + blanks, at + size, &ranges[*count])) {
			put_quoted(error, text);
			text_put(error,
			    " is not understood, allowed are ports within 1..65535, like \"5432\" or \"5432,8000-8099\"");
			return false;
		}
		(*count)++;
		at += size;
		if (*at == '\0')
			return true;
	}
}

bool
address_read_endpoint(const char *text, struct endpoint *endpoint, struct text *error)
{
	char address[INET6_ADDRSTRLEN] = "";
	const char *end = text + strlen(text);
	const char *colon = strrchr(text, ':') == NULL ? end : strrchr(text, ':');
	bool in_brackets = text[0] == '[' && colon[-1] == ']';
	const char *start = in_brackets ? text + 1 : text;
	size_t size = (size_t)((in_brackets ? colon - 1 : colon) - start);
	uint32_t bits, port;

	*endpoint = (struct endpoint){ .known = true };
	/* Without brackets, the last part of an IPv6 address would look like a port. */
	if (size < sizeof(address) && (in_brackets || memchr(start, ':', size) == NULL))
		memcpy(address, start, size);
	if (!read_address(address, endpoint->address, &bits) || colon == end ||
	    !read_number(colon + 1, end, 65535, &port)) {
		put_quoted(error, text);
		text_put(error,
		    " is not understood, allowed is ADDRESS:PORT, like 10.0.0.1:5432 or [2001:db8::1]:5432");
		return false;
	}
	endpoint->port = (uint16_t)port;
	return true;
}

void
address_put_endpoint(struct text *text, const struct endpoint *endpoint)
{
	struct network host = { .prefix = IPV6_BITS };
	bool is_v4 = policy_is_ipv4(endpoint->address);

	memcpy(host.address, endpoint->address, sizeof(host.address));
	text_put(text, is_v4 ? "" : "[");
	address_put_network(text, &host);
	text_put(text, is_v4 ? ":" : "]:");
	text_put_number(text, endpoint->port);
}
