/* SPDX-License-Identifier: MIT */
#include "outside-json.h"

#include <string.h>

#include "address.h"

enum { LONGEST = 80 };

/* Of an endpoint the address alone. */
static void
put_address(struct json *json, const char *key, const struct endpoint *endpoint)
{
	struct network host = { .prefix = 128 };
	char room[LONGEST];
	struct text text = text_in(room, sizeof(room));

	memcpy(host.address, endpoint->address, sizeof(host.address));
	address_put_network(&text, &host);
	json_string(json, key, room);
}

static void
put_ends(struct json *json, const struct outside_socket *socket)
{
	if (socket->local.port != 0) {
		put_address(json, "local_address", &socket->local);
		json_number(json, "local_port", socket->local.port);
	} else {
		json_null(json, "local_address");
		json_null(json, "local_port");
	}
	if (socket->remote.known) {
		put_address(json, "remote_address", &socket->remote);
		json_number(json, "remote_port", socket->remote.port);
	} else {
		json_null(json, "remote_address");
		json_null(json, "remote_port");
	}
}

void
outside_json_name(struct json *json, const struct finding *finding)
{
	if (finding->pid == 0)
		json_null(json, "pid");
	else
		json_number(json, "pid", finding->pid);
	json_string(json, "program", finding->program);
	if (finding->socket.fd == -1)
		json_null(json, "fd");
	else
		json_number(json, "fd", finding->socket.fd);
	put_ends(json, &finding->socket);
}

void
outside_json_value(struct json *json, const char *key, enum option_id option, int32_t value)
{
	if (option == OPTION_KEEPALIVE && value != VALUE_UNSET)
		json_boolean(json, key, value != 0);
	else
		json_option(json, key, option, value);
}
