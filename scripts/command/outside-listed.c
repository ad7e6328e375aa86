/* SPDX-License-Identifier: MIT */
#include "outside-listed.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "allocate.h"

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
read_line(char *line, struct listed *listed)
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

static struct listed *
append_file(int directory, const char *name, struct listed *all, size_t *count)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd == -1 ? NULL : fdopen(fd, "r");
	struct listed listed;
	char line[512];

	if (file == NULL) {
		if (fd != -1)
			close(fd);
		return all;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		if (!read_line(line, &listed))
			continue;
		all = grow_or_exit(all, *count, sizeof(*all));
		all[(*count)++] = listed;
	}
	fclose(file);
	return all;
}

static int
by_inode(const void *a, const void *b)
{
	const struct listed *first = a;
	const struct listed *second = b;

	return first->inode < second->inode ? -1 : first->inode > second->inode;
}

struct listed *
listed_read(int directory, size_t *count)
{
	struct listed *all = NULL;

	*count = 0;
	all = append_file(directory, "net/tcp", all, count);
	all = append_file(directory, "net/tcp6", all, count);
	if (*count != 0)
		qsort(all, *count, sizeof(*all), by_inode);
	return all;
}

/* The subflows of an MPTCP socket share its inode. */
const struct listed *
listed_find(const struct listed *listed, size_t count, uint64_t inode)
{
	const struct listed key = { .inode = inode };
	const struct listed *found =
	    count == 0 ? NULL : bsearch(&key, listed, count, sizeof(key), by_inode);

	while (found != NULL && found > listed && found[-1].inode == inode)
		found--;
	return found;
}

static int
by_ports(const void *a, const void *b)
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
listed_sort_by_ports(struct listed *listed, size_t count)
{
	if (count != 0)
		qsort(listed, count, sizeof(*listed), by_ports);
}
