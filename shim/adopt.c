/* SPDX-License-Identifier: MIT */
#include "adopt.h"

#include <errno.h>
#include <string.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "apply.h"
#include "decide.h"
#include "endpoint.h"
#include "file.h"
#include "in_flight.h"
#include "kernel.h"
#include "report.h"
#include "tcp.h"

/* What apply_adopt() needs to know, where the mode looks at it. */
static struct settings
defaults_for(const struct settings *settings)
{
	return settings->mode == MODE_SUGGEST ? decide_defaults() : settings_unset();
}

static uint32_t
carry(const struct loaded *loaded, int fd, bool listens)
{
	struct settings defaults = defaults_for(&loaded->settings);

	return apply_adopt(fd, &loaded->settings, &defaults, listens, loaded->next.setsockopt);
}

/*
 * A record for a socket that has none: what differs from the kernel's defaults counts as set by the
 * program. The socket is under no rule yet, as if all were `off`.
 */
static struct record *
begin_record(int fd, const struct settings *has)
{
	struct settings defaults = decide_defaults();
	struct record *record = record_new(fd);

	for (enum option_id option = 0; record != NULL && option < OPTION_COUNT; option++)
		if (has->value[option] != defaults.value[option])
			record_ask(record, option, has->value[option]);
	return record;
}

/* The same in a program with rules that wait for connections; `rule` is the one that decides. */
static void
carry_rule(const struct loaded *loaded, int fd, unsigned rule)
{
	static const struct settings nothing = { .mode = MODE_OFF };
	const struct settings *settings = decide_settings(loaded, rule);
	struct record *record = record_of(fd);
	struct settings has, defaults;

	/* One that was made here, under another number. */
	if (record != NULL) {
		decide_switch(loaded, fd, record, rule, true);
		return;
	}
	has = apply_read(fd);
	record = begin_record(fd, &has);
	if (record == NULL) {
		defaults = defaults_for(settings);
		apply_adopt(fd, settings, &defaults, false, loaded->next.setsockopt);
		return;
	}
	record_decide(record, rule, true);
	has = record_asked(record);
	defaults = decide_defaults();
	apply_change(fd, &nothing, settings, &has, &defaults, loaded->next.setsockopt);
}

void
adopt_connection(const struct loaded *loaded, int fd, enum direction direction,
    const struct sockaddr *address, socklen_t size)
{
	int protocol = tcp_protocol(fd);
	unsigned rule = 0;

	if (protocol <= 0) {
		mark_put(fd, protocol == 0 ? MARK_OTHER : MARK_UNKNOWN);
		return;
	}
	if (load_waits(loaded)) {
		rule = decide_rule(loaded, fd, direction, address, size);
		carry_rule(loaded, fd, rule);
	} else {
		carry(loaded, fd, false);
	}
	if (endpoint_remote(fd).known) {
		in_flight_set(loaded, fd, true);
		mark_put(fd, MARK_TCP);
	} else {
		mark_put(fd, MARK_CONNECTING);
	}
	report_socket(fd, loaded, rule, load_waits(loaded));
}

/*
 * A connection has what its listener had when the kernel made it, which is before it waits in the
 * queue, if not long before: net/ipv4/tcp_ipv4.c, tcp_v4_syn_recv_sock(). So neither the queue nor
 * the order in it tells for sure whether one is still to come.
 */
static bool
may_be_on_its_way(void)
{
	enum { LONGEST_WAY_MS = 1000 };

	return marks.kept == NULL ||
	       kernel_clock() - atomic_load(&marks.kept->listener_adopted) < LONGEST_WAY_MS;
}

bool
adopt_accepted(const struct loaded *loaded, int fd)
{
	bool is_last = carry(loaded, fd, false) == 0 && !may_be_on_its_way();

	in_flight_set(loaded, fd, true);
	return is_last;
}

/*
 * Whether connections wait that came before the listener had the policy: net/ipv4/tcp.c,
 * tcp_get_info(). Where the kernel does not say, there may be some.
 */
static bool
has_queue(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t size = sizeof(info);

	return kernel_getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == -1 ||
	       info.tcpi_unacked != 0;
}

enum mark
adopt_listener(const struct loaded *loaded, int fd, bool accepts)
{
	int protocol = tcp_protocol(fd);
	enum mark mark = protocol == 0 ? MARK_OTHER : MARK_UNKNOWN;
	struct settings has;

	if (protocol > 0) {
		if (load_waits(loaded) && record_of(fd) == NULL) {
			has = apply_read(fd);
			begin_record(fd, &has);
		}
		carry(loaded, fd, true);
		in_flight_set(loaded, fd, true);
		mark = accepts || has_queue(fd) ? MARK_LATE : MARK_TCP;
		if (accepts && marks.kept != NULL)
			atomic_store(&marks.kept->listener_adopted, kernel_clock());
		report_socket(fd, loaded, 0, false);
	}
	mark_put(fd, mark);
	return mark;
}

/* Where a descriptor of a process leads to, as /proc says: "socket:[12345]". */
static bool
find_target(const char *process, int fd, char *target, size_t size)
{
	char path[64];
	struct text text = text_in(path, sizeof(path));
	long used;

	text_put(&text, "/proc/");
	text_put(&text, process);
	text_put(&text, "/fd/");
	text_put_number(&text, fd);
	used = syscall(SYS_readlinkat, AT_FDCWD, path, target, size - 1);
	target[used == -1 ? 0 : used] = '\0';
	return used != -1;
}

/* Whether the parent has the same socket there: it is the parent's then, and not this program's. */
static bool
is_inherited(int fd)
{
	char own[64], other[64], parent[24];
	struct text text = text_in(parent, sizeof(parent));

	text_put_number(&text, syscall(SYS_getppid));
	return find_target("self", fd, own, sizeof(own)) &&
	       find_target(parent, fd, other, sizeof(other)) && strcmp(own, other) == 0;
}

/*
 * The number of its inode for a TCP socket, or 0. A program that confines itself may be
 * killed for a question about a socket, and a file system may not answer one about a file. So what
 * cannot be a socket is found out first: lseek(2) asks no file system for the position.
 */
static uint64_t
find_tcp_socket(int fd)
{
	struct sockaddr_storage address = { 0 };
	socklen_t size = sizeof(address);
	uint64_t inode;

	if (kernel_seek(fd, 0, SEEK_CUR) != -1 || errno != ESPIPE)
		return 0;
	inode = file_socket(fd);
	if (inode == 0 || syscall(SYS_getsockname, fd, &address, &size) == -1)
		return 0;
	return tcp_is_internet(address.ss_family) && tcp_protocol(fd) > 0 ? inode : 0;
}

static void
adopt_one(const struct loaded *loaded, int fd)
{
	if (tcp_listens(fd))
		adopt_listener(loaded, fd, false);
	else if (endpoint_remote(fd).known)
		adopt_connection(loaded, fd, DIRECTION_ACCEPT, NULL, 0);
}

void
adopt_made(const struct loaded *loaded, int fd, enum direction direction)
{
	if (tcp_protocol(fd) <= 0)
		return;
	if (tcp_listens(fd)) {
		adopt_listener(loaded, fd, false);
	} else if (endpoint_remote(fd).known) {
		adopt_connection(loaded, fd, direction, NULL, 0);
	} else {
		if (load_waits(loaded))
			record_new(fd);
		carry(loaded, fd, false);
		mark_put(fd, MARK_TCP);
		report_socket(fd, loaded, 0, false);
	}
}

void
adopt_activated(const struct loaded *loaded, int passed)
{
	enum { LISTEN_FDS_START = 3 };
	uint64_t before = 0;

	for (int fd = 0; fd < LISTEN_FDS_START; fd++) {
		uint64_t inode = find_tcp_socket(fd);

		if (inode != 0 && inode != before && !is_inherited(fd))
			adopt_one(loaded, fd);
		before = inode;
	}
	/* The number comes from the environment: a closed descriptor ends what was passed. */
	for (int i = 0; i < passed; i++) {
		int fd = LISTEN_FDS_START + i;

		if (find_tcp_socket(fd) != 0)
			adopt_one(loaded, fd);
		else if (errno == EBADF)
			return;
	}
}
