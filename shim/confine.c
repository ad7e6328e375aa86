/* SPDX-License-Identifier: MIT */
#include "confine.h"

#include <errno.h>
#include <string.h>

#include <netinet/tcp.h>

#include "file.h"
#include "kernel.h"
#include "memory.h"
#include "next.h"
#include "report.h"
#include "tcp.h"

struct call {
	long number;
	uint32_t arguments[3];
};

/* What a program does with TCP sockets and we look at. Not every machine has accept(2). */
static const struct call uses[] = {
	{ SYS_socket, { AF_INET, SOCK_STREAM } },
	{ SYS_socket, { AF_INET6, SOCK_STREAM } },
	{ SYS_connect },
	{ SYS_listen },
	{ SYS_accept4 },
#ifdef SYS_accept
	{ SYS_accept },
#endif
};

/* What we ask then, beside the options of the policy. */
static const struct call questions[] = {
	{ SYS_getsockopt, { 0, SOL_SOCKET, SO_PROTOCOL } },
	{ SYS_getsockopt, { 0, SOL_SOCKET, SO_TYPE } },
	{ SYS_getsockopt, { 0, SOL_SOCKET, SO_DOMAIN } },
	{ SYS_getsockopt, { 0, SOL_SOCKET, SO_ACCEPTCONN } },
	{ SYS_getsockopt, { 0, IPPROTO_TCP, TCP_INFO } },
	{ SYS_getpeername },
	{ SYS_getsockname },
	{ SYS_ioctl, { 0, TCP_UNSENT } },
	{ SYS_clock_gettime },
};

/* More of it where rules look at connections. */
static const struct call more_questions[] = { { SYS_futex }, { FILE_CALL } };

/* What a report takes, wherever it goes. */
static const struct call report_calls[] = {
	{ SYS_rt_sigprocmask },
	{ SYS_rt_sigpending },
	{ SYS_rt_sigtimedwait },
	{ SYS_tgkill },
	{ SYS_getpid },
	{ SYS_gettid },
	{ SYS_openat },
	{ SYS_fcntl },
	{ SYS_ioctl },
	{ SYS_socket, { AF_UNIX, SOCK_DGRAM } },
	{ SYS_sendto },
	{ SYS_write },
	{ SYS_close },
	{ SYS_getcwd },
	{ FILE_CALL },
};

enum { COUNT_USES = sizeof(uses) / sizeof(*uses) };
enum { COUNT_QUESTIONS = sizeof(questions) / sizeof(*questions) };
enum { COUNT_MORE = sizeof(more_questions) / sizeof(*more_questions) };
enum { COUNT_REPORT = sizeof(report_calls) / sizeof(*report_calls) };

/* How many of them come back. */
static unsigned
let_through(const struct filter *filter, const struct call *calls, unsigned count)
{
	unsigned let = 0;

	for (unsigned i = 0; i < count; i++)
		if (filter_lets(filter, calls[i].number, calls[i].arguments))
			let++;
	return let;
}

/* The options may be set, and asked for. */
static bool
lets_options(const struct filter *filter, const struct settings *settings)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];
		const uint32_t arguments[3] = { 0, (uint32_t)row->level, (uint32_t)row->name };

		if (row->name != 0 && settings->value[option] != VALUE_UNSET &&
		    !(filter_lets(filter, SYS_setsockopt, arguments) &&
			filter_lets(filter, SYS_getsockopt, arguments)))
			return false;
	}
	return true;
}

static bool
may_report(const struct loaded *loaded)
{
	return loaded->verbose || loaded->problem[0] != '\0';
}

static bool
lets_us(const struct filter *filter, const struct loaded *loaded)
{
	const struct policy *connections = &loaded->connections;

	for (uint32_t i = 0; i < connections->rule_count; i++)
		if (!lets_options(filter, &connections->settings[connections->rules[i].settings]))
			return false;
	return lets_options(filter, &loaded->settings) &&
	       let_through(filter, questions, COUNT_QUESTIONS) == COUNT_QUESTIONS &&
	       (!load_waits(loaded) ||
		   let_through(filter, more_questions, COUNT_MORE) == COUNT_MORE) &&
	       (!may_report(loaded) ||
		   let_through(filter, report_calls, COUNT_REPORT) == COUNT_REPORT);
}

static bool
has_nothing_to_do(const struct loaded *loaded)
{
	return load_is_off(loaded) && !may_report(loaded);
}

static void
judge(const struct loaded *loaded, const struct filter *filter)
{
	if (let_through(filter, uses, COUNT_USES) != 0 && !lets_us(filter, loaded)) {
		report_left_alone(loaded);
		load_leave_alone(loaded);
	}
}

void
confine_with(const struct loaded *loaded, const struct filter *filter)
{
	int saved = errno;

	if (!has_nothing_to_do(loaded) && memory_is_readable(filter, sizeof(*filter)) &&
	    filter->count > 0 && filter->count <= FILTER_LONGEST &&
	    memory_is_readable(filter->steps, sizeof(*filter->steps)) &&
	    memory_is_readable(filter->steps + filter->count - 1, sizeof(*filter->steps)))
		judge(loaded, filter);
	errno = saved;
}

/*
 * libseccomp writes a filter out as the kernel gets it. A pipe has room for the longest, and is never
 * waited for: what does not come is a filter that nobody knows.
 */
static bool export(const void *context, struct filter_step *steps, struct filter *filter)
{
	enum { BYTES = FILTER_LONGEST * sizeof(*steps) };
	int (*write_out)(const void *, int) = NULL;
	void *function = next_named("seccomp_export_bpf");
	ssize_t size = -1;
	int ends[2];

	memcpy(&write_out, &function, sizeof(write_out));
	if (write_out == NULL || syscall(SYS_pipe2, ends, O_CLOEXEC | O_NONBLOCK) == -1)
		return false;
	if (write_out(context, ends[1]) == 0)
		size = kernel_read(ends[0], steps, BYTES);
	kernel_close(ends[0]);
	kernel_close(ends[1]);
	*filter = (struct filter){ (unsigned short)(size / (ssize_t)sizeof(*steps)), steps };
	return size > 0;
}

void
confine_with_libseccomp(const struct loaded *loaded, const void *context)
{
	enum { ROOM = FILTER_LONGEST * sizeof(struct filter_step) };
	struct filter_step *steps;
	struct filter filter;
	int saved = errno;

	if (has_nothing_to_do(loaded))
		return;
	steps = memory_map(ROOM);
	if (steps != NULL && export(context, steps, &filter))
		judge(loaded, &filter);
	else
		load_leave_alone(loaded);
	if (steps != NULL)
		memory_unmap(steps, ROOM);
	errno = saved;
}
