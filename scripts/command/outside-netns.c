/* SPDX-License-Identifier: MIT */
#include "outside-netns.h"

#include <fcntl.h>
#include <stdio.h>
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

/* net/ipv4/tcp_ipv4.c, get_tcp4_sock(): the timer that is on, and hundredths of a second. */
enum { TIMER_KEEPALIVE = 2, TICK_MS = 10 };

/* Hexadecimal words, each as it lies in memory: IPv4 has one of them, IPv6 four. */
static struct endpoint
read_endpoint(const char *address, unsigned long port)
{
	struct endpoint endpoint = { .known = true, .port = (uint16_t)port };
	size_t words = strlen(address) / 8;

	endpoint.address[2] = 0xffff;
	for (size_t i = 0; i < words && words <= 4; i++) {
		char word[9] = "";

		memcpy(word, address + 8 * i, 8);
		endpoint.address[4 - words + i] = ntohl((uint32_t)strtoul(word, NULL, 16));
	}
	return endpoint;
}

/* What stands in a line, between blanks and colons. */
enum field {
	FIELD_LOCAL = 1,
	FIELD_LOCAL_PORT,
	FIELD_REMOTE,
	FIELD_REMOTE_PORT,
	FIELD_STATE,
	FIELD_TIMER = 8,
	FIELD_WHEN,
	FIELD_INODE = 13,
	FIELD_COUNT,
};

static unsigned long
hexadecimal(const char *field)
{
	return strtoul(field, NULL, 16);
}

static bool
read_listed(char *line, struct listed *listed)
{
	const char *field[FIELD_COUNT] = { NULL };
	char *rest = line;

	for (int i = 0; i < FIELD_COUNT; i++)
		field[i] = strtok_r(rest, " :\n", &rest);
	if (field[FIELD_INODE] == NULL)
		return false; /* the heading */
	*listed = (struct listed){
		.inode = strtoull(field[FIELD_INODE], NULL, 10),
		.local = read_endpoint(field[FIELD_LOCAL], hexadecimal(field[FIELD_LOCAL_PORT])),
		.remote = read_endpoint(field[FIELD_REMOTE], hexadecimal(field[FIELD_REMOTE_PORT])),
		.family = strlen(field[FIELD_LOCAL]) == 8 ? AF_INET : AF_INET6,
		.state = (int)hexadecimal(field[FIELD_STATE]),
		.timer = -1,
	};
	listed->remote.known = listed->remote.port != 0;
	if (hexadecimal(field[FIELD_TIMER]) == TIMER_KEEPALIVE)
		listed->timer = (int64_t)hexadecimal(field[FIELD_WHEN]) * TICK_MS;
	/* A socket without inode belongs to no process any more, or not yet. */
	return listed->inode != 0;
}

/* The room is the power of two that holds the count. */
static void *
grow(void *array, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return array;
	return allocate_or_exit(array, (count == 0 ? 1 : 2 * count) * size);
}

static void
append_listed(struct netns *netns, const struct listed *listed)
{
	size_t at = netns->count++;

	netns->listed = grow(netns->listed, at, sizeof(*listed));
	netns->listed[at] = *listed;
	if (listed->state == TCP_LISTEN)
		netns_add_listener(netns, &listed->local);
}

static void
read_list(struct netns *netns, int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd == -1 ? NULL : fdopen(fd, "r");
	struct listed listed;
	char line[512];

	if (file == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while (fgets(line, sizeof(line), file) != NULL)
		if (read_listed(line, &listed))
			append_listed(netns, &listed);
	fclose(file);
}

static int
by_inode(const void *a, const void *b)
{
	const struct listed *first = a;
	const struct listed *second = b;

	return first->inode < second->inode ? -1 : first->inode > second->inode;
}

static void
list(struct netns *netns, int directory)
{
	netns->listed = NULL;
	netns->listener = NULL;
	netns->count = netns->listeners = 0;
	read_list(netns, directory, "net/tcp");
	read_list(netns, directory, "net/tcp6");
	if (netns->count != 0)
		qsort(netns->listed, netns->count, sizeof(*netns->listed), by_inode);
}

static uint64_t
inode_of(int directory, const char *name)
{
	struct stat stat;

	return fstatat(directory, name, &stat, 0) == 0 ? stat.st_ino : 0;
}

/* What a socket that is made in the namespace tells of it. */
static void
read_defaults(void *context)
{
	struct netns *netns = context;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	netns->defaults = apply_defaults();
	if (fd == -1)
		return;
	netns->cookie = enter_cookie(fd);
	close(fd);
}

struct netns *
netns_add(struct netns **met, int directory)
{
	uint64_t inode = inode_of(directory, "ns/net");
	struct netns *netns;

	for (netns = *met; netns != NULL; netns = netns->next)
		if (netns->inode == inode)
			return netns;
	netns = allocate_or_exit(NULL, sizeof(*netns));
	*netns = (struct netns){ .next = *met, .inode = inode, .defaults = settings_unset() };
	if (inode != 0)
		enter_netns(directory, read_defaults, netns);
	*met = netns;
	return netns;
}

void
netns_add_listener(struct netns *netns, const struct endpoint *local)
{
	size_t at = netns->listeners++;

	netns->listener = grow(netns->listener, at, sizeof(*local));
	netns->listener[at] = *local;
}

struct netns *
netns_of(struct netns **met, int directory)
{
	const struct netns *before = *met;
	struct netns *netns = netns_add(met, directory);

	/* Where it may not be looked at, any process may be in there. */
	if (*met != before && netns->inode != 0)
		list(netns, directory);
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

const struct listed *
netns_find(const struct netns *netns, uint64_t inode)
{
	size_t first = 0;
	size_t end = netns->count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (netns->listed[middle].inode < inode)
			first = middle + 1;
		else
			end = middle;
	}
	if (first == netns->count || netns->listed[first].inode != inode)
		return NULL;
	return &netns->listed[first];
}

void
netns_mark(struct netns *netns, uint64_t inode)
{
	const struct listed *found = netns_find(netns, inode);

	if (found == NULL)
		return;
	/* The subflows of an MPTCP socket share its inode. */
	for (size_t i = (size_t)(found - netns->listed);
	     i < netns->count && netns->listed[i].inode == inode; i++)
		netns->listed[i].seen = true;
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

static int
by_ends(const void *a, const void *b)
{
	const struct listed *first = a;
	const struct listed *second = b;

	if (first->local.port != second->local.port)
		return first->local.port < second->local.port ? -1 : 1;
	if (first->remote.port != second->remote.port)
		return first->remote.port < second->remote.port ? -1 : 1;
	return memcmp(first->local.address, second->local.address, sizeof(first->local.address));
}

void
netns_refresh(struct netns *netns, int directory)
{
	struct netns before = *netns;

	list(netns, directory);
	for (size_t i = 0; i < netns->count; i++) {
		struct listed *listed = &netns->listed[i];
		const struct listed *known = netns_find(&before, listed->inode);

		/* What is new was not there when the processes were looked at. */
		listed->seen = known == NULL || known->seen;
	}
	if (netns->count != 0)
		qsort(netns->listed, netns->count, sizeof(*netns->listed), by_ends);
	free(before.listed);
	free(before.listener);
}
