/* SPDX-License-Identifier: MIT */
/*
 * edge_arguments ADDRESS: sets options and connects to port 1 of an IPv4 address, from memory that
 * ends with what is given to the call, and is undefined where nobody has to look; for memory
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

int
main(int argc, char **argv)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in *address;

	if (argc != 2)
		return 2;
	set(fd, SOL_SOCKET, SO_KEEPALIVE, 1, 0);
	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 7, 4);
	set(fd, IPPROTO_TCP, TCP_KEEPCNT, 7, 8);
	set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 7, 12);
	address = malloc(sizeof(*address));
	if (address == NULL)
		return 1;
	address->sin_family = AF_INET;
	address->sin_port = htons(1);
	inet_pton(AF_INET, argv[1], &address->sin_addr);
	(void)connect(fd, (struct sockaddr *)address, sizeof(*address));
	free(address);
	close(fd);
	return 0;
}
