/* SPDX-License-Identifier: MIT */
#include "watch-diag.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "outside-enter.h"

/* The kernel fills what it is given, up to 32 KiB. */
enum { ANSWER_SIZE = 32 * 1024 };

/* include/net/tcp_states.h: a connection that is not complete yet. */
enum { NEW_SYN_RECV = 12 };

int
diag_open(int directory)
{
	const struct timeval patience = { .tv_sec = 2 };
	int fd = enter_socket(directory, AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG);

	if (fd != -1)
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static bool
ask(int netlink, int family)
{
	struct {
		struct nlmsghdr header;
		struct inet_diag_req_v2 request;
	} message = {
		.header = { .nlmsg_len = sizeof(message),
		    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.request = { .sdiag_family = (uint8_t)family,
		    .sdiag_protocol = IPPROTO_TCP,
		    .idiag_states = ~(1U << TCP_TIME_WAIT | 1U << NEW_SYN_RECV) },
	};
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	return sendto(netlink, &message, sizeof(message), 0, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) == sizeof(message);
}

static void
visit_one(const struct inet_diag_msg *found, diag_visit *visit, void *context)
{
	struct diag diag = {
		.cookie = (uint64_t)found->id.idiag_cookie[1] << 32 | found->id.idiag_cookie[0],
		.inode = found->idiag_inode,
		.state = found->idiag_state,
		.timer = found->idiag_timer,
		.local = { .known = true, .port = ntohs(found->id.idiag_sport) },
	};

	if (found->idiag_family == AF_INET) {
		diag.local.address[2] = 0xffff;
		diag.local.address[3] = ntohl(found->id.idiag_src[0]);
	} else {
		for (int i = 0; i < 4; i++)
			diag.local.address[i] = ntohl(found->id.idiag_src[i]);
	}
	visit(&diag, context);
}

enum part { PART_MORE, PART_LAST, PART_WRONG };

static enum part
read_part(const char *answer, size_t size, diag_visit *visit, void *context)
{
	while (size >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr header;
		size_t step;

		memcpy(&header, answer, sizeof(header));
		step = NLMSG_ALIGN(header.nlmsg_len);
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > size)
			return PART_WRONG;
		if (header.nlmsg_type == NLMSG_DONE)
			return PART_LAST;
		if (header.nlmsg_type == NLMSG_ERROR)
			return PART_WRONG;
		if (header.nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
			visit_one((const void *)(answer + NLMSG_HDRLEN), visit, context);
		answer += step < size ? step : size;
		size -= step < size ? step : size;
	}
	return PART_MORE;
}

static bool
list(int netlink, int family, diag_visit *visit, void *context)
{
	static _Alignas(struct nlmsghdr) char answer[ANSWER_SIZE];
	enum part part = PART_MORE;

	if (!ask(netlink, family))
		return false;
	while (part == PART_MORE) {
		ssize_t size = recv(netlink, answer, sizeof(answer), 0);

		if (size == -1 && errno == EINTR)
			continue;
		if (size <= 0)
			return false;
		part = read_part(answer, (size_t)size, visit, context);
	}
	return part == PART_LAST;
}

bool
diag_list(int netlink, diag_visit *visit, void *context)
{
	return list(netlink, AF_INET, visit, context) && list(netlink, AF_INET6, visit, context);
}
