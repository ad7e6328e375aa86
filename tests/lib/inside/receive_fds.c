/* SPDX-License-Identifier: MIT */
/*
 * receive_fds recvmsg|recvmmsg PATH: takes descriptors from whoever connects to the Unix socket
 * PATH, one message by that call; accepts one connection from the first of them that listens, says
 * "ready", and stays until it is ended.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/socket.h>
#include <sys/un.h>

enum { MOST = 8 };

static int
fail(const char *what)
{
	perror(what);
	return 1;
}

static int
take(const char *call, int from, struct msghdr *message)
{
	struct mmsghdr messages = { .msg_hdr = *message };
	int result;

	if (strcmp(call, "recvmmsg") != 0)
		return recvmsg(from, message, 0) == 1 ? 0 : -1;
	result = recvmmsg(from, &messages, 1, 0, NULL);
	*message = messages.msg_hdr;
	return result == 1 ? 0 : -1;
}

static int
is_listening(int fd)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value != 0;
}

int
main(int argc, char **argv)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * MOST)];
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char byte;
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	int door = socket(AF_UNIX, SOCK_STREAM, 0);
	struct cmsghdr *part;
	int from;

	if (argc != 3) {
		fputs("usage: receive_fds recvmsg|recvmmsg PATH\n", stderr);
		return 2;
	}
	strncpy(address.sun_path, argv[2], sizeof(address.sun_path) - 1);
	if (bind(door, (struct sockaddr *)&address, sizeof(address)) == -1 || listen(door, 1) == -1)
		return fail("listen");
	from = accept(door, NULL, NULL);
	if (from == -1 || take(argv[1], from, &message) == -1)
		return fail(argv[1]);
	part = CMSG_FIRSTHDR(&message);
	for (size_t at = 0; part != NULL && CMSG_LEN(at) < part->cmsg_len; at += sizeof(int)) {
		int fd;

		memcpy(&fd, CMSG_DATA(part) + at, sizeof(fd));
		if (is_listening(fd) && accept(fd, NULL, NULL) == -1)
			return fail("accept");
	}
	fputs("ready\n", stderr);
	for (;;)
		pause();
}
