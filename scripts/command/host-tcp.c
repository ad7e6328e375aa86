/* SPDX-License-Identifier: MIT */
#include "host-tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include "outside-file.h"
#include "retransmit.h"

static uint32_t
read_retries(void)
{
	enum { MOST = 16 };
	size_t size;
	char *text = file_read(AT_FDCWD, "/proc/sys/net/ipv4/tcp_retries2", MOST, &size);
	char *end = text;
	unsigned long retries = text == NULL ? 0 : strtoul(text, &end, 10);
	bool is_number = end != text && retries <= UINT32_MAX;

	free(text);
	return is_number ? (uint32_t)retries : RETRANSMIT_RETRIES;
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
