/* SPDX-License-Identifier: MIT */
/*
 * accept_one accept|accept4 PORT: a listener, a client and the connection between them, accepted by
 * that call. It then stays until it is ended.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>

int
main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	int accepted;

	if (argc != 3) {
		fputs("usage: accept_one accept|accept4 PORT\n", stderr);
		return 2;
	}
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)strtol(argv[2], NULL, 10));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) == -1 ||
	    listen(listener, 5) == -1 ||
	    connect(client, (struct sockaddr *)&address, sizeof(address)) == -1) {
		perror("accept_one");
		return 1;
	}
	if (strcmp(argv[1], "accept") == 0)
		accepted = accept(listener, NULL, NULL);
	else
		accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (accepted == -1) {
		perror("accept_one");
		return 1;
	}
	for (;;)
		pause();
}
