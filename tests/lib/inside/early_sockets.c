/* SPDX-License-Identifier: MIT */
/*
 * early_sockets: a listener, a client and the connection between them, from .preinit_array, from a
 * constructor and from main; then it stays until it is ended. Built as a shared object with
 * -DLIBRARY, it is the constructor alone.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/socket.h>

static void
make_three(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listen(listener, 5) == -1 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) == -1 ||
	    connect(client, (struct sockaddr *)&address, sizeof(address)) == -1 ||
	    accept(listener, NULL, NULL) == -1)
		abort();
}

__attribute__((constructor)) static void
construct(void)
{
	make_three();
}

#ifndef LIBRARY
__attribute__((section(".preinit_array"), used)) static void (*const before_all)(void) = make_three;

int
main(void)
{
	make_three();
	for (;;)
		pause();
}
#endif
