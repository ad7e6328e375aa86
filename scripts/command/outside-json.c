/* SPDX-License-Identifier: MIT */
#include "outside-json.h"

#include <string.h>

#include "address.h"

enum { LONGEST = 80 };

/* Of an endpoint the address alone. */
static const char *
address_in(char room[LONGEST], const struct endpoint *endpoint)
{
	struct network host = { .prefix = 128 };
	struct text text = text_in(room, LONGEST);

	memcpy(host.address, endpoint->address, sizeof(host.address));
	address_put_network(&text, &host);
	return room;
}

static void
put_ends(struct json *json, const struct outside_socket *socket)
{
	const struct endpoint *local = &socket->local, *remote = &socket->remote;
	bool has_local = local->port != 0;
	char room[LONGEST];

	json_string(json, "local_address", has_local ? address_in(room, local) : NULL);
	json_number(json, "local_port", has_local ? local->port : JSON_NULL);
	json_string(json, "remote_address", remote->known ? address_in(room, remote) : NULL);
	json_number(json, "remote_port", remote->known ? remote->port : JSON_NULL);
}

void
outside_json_name(struct json *json, const struct finding *finding)
{
	json_number(json, "pid", finding->pid == 0 ? JSON_NULL : finding->pid);
	json_string(json, "program", finding->program);
	json_number(json, "fd", finding->socket.fd == -1 ? JSON_NULL : finding->socket.fd);
	put_ends(json, &finding->socket);
}
