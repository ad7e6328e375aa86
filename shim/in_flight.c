/* SPDX-License-Identifier: MIT */
#include "in_flight.h"

#include <errno.h>

#include "decide.h"
#include "endpoint.h"
#include "kernel.h"
#include "mark.h"
#include "tcp.h"

bool
in_flight_is_missing(void)
{
	return marks.kept != NULL &&
	       atomic_load_explicit(&marks.kept->lacks_retransmit_max, memory_order_relaxed);
}

void
in_flight_asked(void)
{
	if (marks.kept != NULL)
		atomic_store(&marks.kept->asked_retransmit_max, true);
}

/* Whether a program has set the option on a socket that was made here cannot be ruled out. */
static bool
may_be_asked(void)
{
	return marks.kept == NULL || atomic_load(&marks.kept->asked_retransmit_max);
}

bool
in_flight_has_option(int fd)
{
	const struct option_row *row = &option_table[OPTION_RETRANSMIT_MAX];
	int value = 0;
	socklen_t size = sizeof(value);

	return kernel_getsockopt(fd, row->level, row->name, &value, &size) == 0;
}

/* What a program has set, VALUE_UNSET for the kernel's own value. */
static int32_t
read_asked(int fd)
{
	const struct option_row *row = &option_table[OPTION_RETRANSMIT_MAX];
	int value = 0;
	socklen_t size = sizeof(value);

	if (kernel_getsockopt(fd, row->level, row->name, &value, &size) == -1 || value == row->max)
		return VALUE_UNSET;
	return value;
}

/* MPTCP refuses it in the same way, and says nothing about the kernel. */
static void
learn(int fd)
{
	if (marks.kept != NULL && errno == ENOPROTOOPT && tcp_protocol(fd) == IPPROTO_TCP)
		atomic_store(&marks.kept->lacks_retransmit_max, true);
}

void
in_flight_set(const struct loaded *loaded, int fd, bool is_foreign)
{
	const struct option_row *row = &option_table[OPTION_RETRANSMIT_MAX];
	const struct record *record = load_waits(loaded) ? record_of(fd) : NULL;
	const struct settings *settings = &loaded->settings;
	int32_t asked = VALUE_UNSET;
	int32_t wanted;

	if (record != NULL)
		settings = decide_settings(loaded, record_rule(record));
	if (settings->mode == MODE_OFF || settings->value[OPTION_RETRANSMIT_MAX] == VALUE_UNSET ||
	    in_flight_is_missing())
		return;
	if (record != NULL)
		asked = record_asked(record).value[OPTION_RETRANSMIT_MAX];
	else if (is_foreign || may_be_asked())
		asked = read_asked(fd);
	wanted = settings_choose(settings, OPTION_RETRANSMIT_MAX, asked);
	if (wanted != asked &&
	    loaded->next.setsockopt(fd, row->level, row->name, &wanted, sizeof(wanted)) == -1)
		learn(fd);
}

void
in_flight_accepted(const struct loaded *loaded, int fd, const struct record *record)
{
	const struct option_row *row = &option_table[OPTION_RETRANSMIT_MAX];
	const struct settings *settings = decide_settings(loaded, record_rule(record));
	int32_t asked = record_asked(record).value[OPTION_RETRANSMIT_MAX];
	int32_t has = settings_choose(&loaded->settings, OPTION_RETRANSMIT_MAX, asked);
	int32_t wanted = settings_choose(settings, OPTION_RETRANSMIT_MAX, asked);

	if (has == wanted || in_flight_is_missing())
		return;
	if (wanted == VALUE_UNSET)
		wanted = row->max; /* the kernel's own */
	loaded->next.setsockopt(fd, row->level, row->name, &wanted, sizeof(wanted));
}

void
in_flight_connect(const struct loaded *loaded, int fd, int result)
{
	int saved = errno;

	if (!in_flight_is_wanted(loaded))
		return;
	if (result == 0 || (saved == EISCONN && mark_of(fd) == MARK_CONNECTING)) {
		mark_put(fd, MARK_TCP);
		in_flight_set(loaded, fd, false);
	} else if (saved == EINPROGRESS || saved == EINTR) {
		mark_put(fd, MARK_CONNECTING);
	}
	errno = saved;
}

void
in_flight_checked(const struct loaded *loaded, int fd)
{
	int saved = errno;

	if (in_flight_is_wanted(loaded) && endpoint_remote(fd).known) {
		mark_put(fd, MARK_TCP);
		in_flight_set(loaded, fd, false);
	}
	errno = saved;
}
