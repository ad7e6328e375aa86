/* SPDX-License-Identifier: MIT */
#include "endpoint.h"

#include <string.h>

#include <netinet/in.h>

#include "kernel.h"

struct endpoint
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

/* `call` is getsockname(2) or getpeername(2). */
static struct endpoint
ask(long call, enum kernel_socket_call in_one, int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);
	const long arguments[6] = { fd, (long)&address, (long)&size };

	if (kernel_socket_call(call, in_one, arguments) == -1)
		return (struct endpoint){ 0 };
	return endpoint_of(&address);
}

struct endpoint
endpoint_local(int fd)
{
	return ask(SYS_getsockname, SOCKETCALL_GETSOCKNAME, fd);
}

struct endpoint
endpoint_remote(int fd)
{
	return ask(SYS_getpeername, SOCKETCALL_GETPEERNAME, fd);
}

bool
endpoint_is_any(const struct endpoint *endpoint)
{
	const uint32_t *address = endpoint->address;

	return address[0] == 0 && address[1] == 0 && (address[2] == 0 || address[2] == 0xffff) &&
	       address[3] == 0;
}
