/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_ADDRESS_H
#define KASHIM_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy.h"
#include "text.h"

/*
 * Read a network: "[!]ADDRESS[/PREFIX]", IPv4 or IPv6. A v4-mapped IPv6 address is the IPv4
 * address. On failure returns false and says in `error` what is wrong and what is allowed.
 */
bool address_read_network(const char *text, struct network *network, struct text *error);

/*
 * Read ports: "5432", "8000-8099" or several with commas between them, appended as first << 16 |
 * last.
 */
bool address_read_ports(
    const char *text, uint32_t *ranges, uint32_t room, uint32_t *count, struct text *error);

/* Read "ADDRESS:PORT" or "[IPV6]:PORT". */
bool address_read_endpoint(const char *text, struct endpoint *endpoint, struct text *error);

/* Append a network as it would be written. */
void address_put_network(struct text *text, const struct network *network);

/* Append an endpoint: "192.0.2.1:80", "[2001:db8::1]:80". */
void address_put_endpoint(struct text *text, const struct endpoint *endpoint);

#endif
