/* SPDX-License-Identifier: MIT */
#include "outside-netns.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "allocate.h"
#include "apply.h"
#include "endpoint.h"
#include "outside-enter.h"

uint64_t
netns_inode(int directory)
{
	struct stat stat;

	return fstatat(directory, "ns/net", &stat, 0) == 0 ? stat.st_ino : 0;
}

/* What a socket that is made in the namespace tells of it. */
static void
read_defaults(struct netns *netns, int directory)
{
	int fd = enter_socket(directory, AF_INET, SOCK_STREAM, 0);

	if (fd == -1)
		return;
	netns->defaults = apply_read(fd);
	netns->cookie = enter_cookie(fd);
	close(fd);
}

struct netns *
netns_add(struct netns **met, int directory)
{
	uint64_t inode = netns_inode(directory);
	struct netns *netns;

	for (netns = *met; netns != NULL; netns = netns->next)
		if (netns->inode == inode)
			return netns;
	netns = allocate_or_exit(NULL, sizeof(*netns));
	*netns = (struct netns){ .next = *met, .inode = inode, .defaults = settings_unset() };
	if (inode != 0)
		read_defaults(netns, directory);
	*met = netns;
	return netns;
}

void
netns_add_listener(struct netns *netns, const struct endpoint *local)
{
	netns->listener = grow_or_exit(netns->listener, netns->listeners, sizeof(*local));
	netns->listener[netns->listeners++] = *local;
}

struct netns *
netns_of(struct netns **met, int directory)
{
	const struct netns *before = *met;
	struct netns *netns = netns_add(met, directory);

	/* Where it may not be looked at, any process may be in there. */
	if (*met == before || netns->inode == 0)
		return netns;
	netns->listed = listed_read(directory, &netns->count);
	for (size_t i = 0; i < netns->count; i++)
		if (netns->listed[i].state == TCP_LISTEN)
			netns_add_listener(netns, &netns->listed[i].local);
	return netns;
}

void
netns_free(struct netns *met)
{
	while (met != NULL) {
		struct netns *next = met->next;

		free(met->listed);
		free(met->listener);
		free(met);
		met = next;
	}
}

bool
netns_listens(const struct netns *netns, const struct endpoint *local)
{
	for (size_t i = 0; i < netns->listeners; i++) {
		const struct endpoint *listener = &netns->listener[i];

		if (listener->port == local->port &&
		    (endpoint_is_any(listener) ||
			memcmp(listener->address, local->address, sizeof(local->address)) == 0))
			return true;
	}
	return false;
}
