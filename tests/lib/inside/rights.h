/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_TESTS_RIGHTS_H
#define KASHIM_TESTS_RIGHTS_H

#include <string.h>

#include <sys/socket.h>

/* A message of one byte with room for one descriptor: unix(7), SCM_RIGHTS. */
struct rights {
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	char byte;
	struct iovec vector;
	struct msghdr message;
};

static inline struct msghdr *
rights_message(struct rights *rights)
{
	memset(rights, 0, sizeof(*rights));
	rights->vector = (struct iovec){ &rights->byte, 1 };
	rights->message = (struct msghdr){ .msg_iov = &rights->vector,
		.msg_iovlen = 1,
		.msg_control = rights->control,
		.msg_controllen = sizeof(rights->control) };
	return &rights->message;
}

/* As sendmsg(2) returns. */
static inline int
rights_send(int through, int sent)
{
	struct rights rights;
	struct msghdr *message = rights_message(&rights);
	struct cmsghdr *part = CMSG_FIRSTHDR(message);

	*part = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(part), &sent, sizeof(sent));
	return (int)sendmsg(through, message, 0);
}

/* As recvmsg(2) returns. The descriptor has the lowest number that is free. */
static inline int
rights_receive(int through)
{
	struct rights rights;

	return (int)recvmsg(through, rights_message(&rights), 0);
}

#endif
