/* SPDX-License-Identifier: MIT */
#include "host-tcp.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "retransmit.h"

static uint32_t
read_retries(void)
{
	FILE *file = fopen("/proc/sys/net/ipv4/tcp_retries2", "re");
	char line[16], *end = line;
	unsigned long retries = RETRANSMIT_RETRIES;

	if (file == NULL)
		return RETRANSMIT_RETRIES;
	if (fgets(line, sizeof(line), file) != NULL)
		retries = strtoul(line, &end, 10);
	fclose(file);
	return end == line || retries > UINT32_MAX ? RETRANSMIT_RETRIES : (uint32_t)retries;
}

static bool
has_retransmit_max(void)
{
	const struct option_row *row = &option_table[OPTION_RETRANSMIT_MAX];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int value;
	socklen_t size = sizeof(value);
	bool has;

	if (fd == -1)
		return true;
	has = getsockopt(fd, row->level, row->name, &value, &size) == 0 || errno != ENOPROTOOPT;
	close(fd);
	return has;
}

struct host_tcp
host_tcp(void)
{
	return (struct host_tcp){ read_retries(), has_retransmit_max() };
}

int64_t
host_tcp_in_flight_after(const struct host_tcp *host, const struct settings *settings)
{
	struct settings effective = *settings;

	if (!host->has_retransmit_max)
		effective.value[OPTION_RETRANSMIT_MAX] = VALUE_UNSET;
	return retransmit_about(settings_in_flight_after(&effective, host->retries));
}
