/* SPDX-License-Identifier: MIT */
/*
 * edge_arguments ADDRESS: sets options, listens at an IPv4 address and connects there, from memory
 * that ends with what is given to the call, and is undefined where nobody has to look; for memory
 * checkers.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

static void
set(int fd, int level, int name, int value, size_t before)
{
	char *block = malloc(before + sizeof(value));

	if (block == NULL)
		abort();
	memcpy(block + before, &value, sizeof(value));
	setsockopt(fd, level, name, block + before, sizeof(value));
	free(block);
}

static struct sockaddr_in *
address_of(const char *text)
{
	struct sockaddr_in *address = malloc(sizeof(*address));

	if (address == NULL)
		abort();
	address->sin_family = AF_INET;
	address->sin_port = 0;
	inet_pton(AF_INET, text, &address->sin_addr);
	return address;
}

int
main(int argc, char **argv)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in *address, bound = { 0 };
	socklen_t size = sizeof(bound);

	if (argc != 2)
		return 2;
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1, 0);
	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 7, 4);
	set(fd, IPPROTO_TCP, TCP_KEEPCNT, 7, 8);
	set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 7, 12);
	address = address_of(argv[1]);
	if (bind(listener, (struct sockaddr *)address, sizeof(*address)) == -1 ||
	    listen(listener, 1) == -1 ||
	    getsockname(listener, (struct sockaddr *)&bound, &size) == -1)
		return 1;
	address->sin_port = bound.sin_port;
	(void)connect(fd, (struct sockaddr *)address, sizeof(*address));
	free(address);
	close(fd);
	close(listener);
	return 0;
}
