/* SPDX-License-Identifier: MIT */
#include "force.h"

#include <errno.h>
#include <string.h>

#include "decide.h"
#include "memory.h"
#include "tcp.h"

enum option_id
force_option(int level, int name)
{
	enum option_id option = 0;

	while (option < OPTION_COUNT &&
	       (option_table[option].name != name || option_table[option].level != level))
		option++;
	return name == 0 ? OPTION_COUNT : option;
}

/* The call as it is. Under rules that wait for a connection it counts as asked for. */
static int
pass(const struct loaded *loaded, int fd, enum option_id option, const void *value, socklen_t size)
{
	const struct option_row *row = &option_table[option];
	int result = loaded->next.setsockopt(fd, row->level, row->name, value, size);
	struct mark mark = mark_of(fd);

	if (result == 0 && mark.kind == MARK_TCP && load_waits(loaded)) {
		mark.asked |= 1U << option;
		mark_put(fd, mark);
	}
	return result;
}

/*
 * Whether the policy has the last word. SO_KEEPALIVE exists on every socket and only TCP's is ours,
 * so this is looked at once more; the other options are TCP's alone.
 */
static bool
holds(const struct loaded *loaded, int fd, enum option_id option)
{
	struct mark mark = mark_of(fd);
	const struct settings *settings = decide_settings(loaded, mark);

	if (settings->mode != MODE_FORCE || settings->value[option] == VALUE_UNSET)
		return false;
	if (load_waits(loaded) && !mark.decided)
		return false;
	if (option != OPTION_KEEPALIVE)
		return true;
	return mark.kind != MARK_OTHER && tcp_protocol(fd) > 0;
}

/* Whether the kernel takes this value, whatever the state of the socket. It may take others, too.
 */
static bool
is_taken(enum option_id option, const void *value, socklen_t size)
{
	const struct option_row *row = &option_table[option];
	int asked;

	if (size < sizeof(asked) || size > INT32_MAX || !memory_is_readable(value, sizeof(asked)))
		return false;
	memcpy(&asked, value, sizeof(asked));
	return option == OPTION_KEEPALIVE || (asked >= row->min && asked <= row->max);
}

/*
 * A value that the kernel takes is replaced by the policy's, and the kernel judges the descriptor:
 * there is no moment in which the program's value holds. Anything else the kernel judges as it is;
 * if it takes that, as it does a 0 for some options, the policy's value comes back at once.
 */
static int
override(const struct loaded *loaded, int fd, enum option_id option, const void *value,
    socklen_t size, int saved)
{
	const struct option_row *row = &option_table[option];
	int wanted = decide_settings(loaded, mark_of(fd))->value[option];
	bool taken = is_taken(option, value, size);
	int result;

	errno = saved;
	if (taken)
		return loaded->next.setsockopt(fd, row->level, row->name, &wanted, sizeof(wanted));
	result = loaded->next.setsockopt(fd, row->level, row->name, value, size);
	if (result == 0) {
		loaded->next.setsockopt(fd, row->level, row->name, &wanted, sizeof(wanted));
		errno = saved;
	}
	return result;
}

int
force_setsockopt(
    const struct loaded *loaded, int fd, enum option_id option, const void *value, socklen_t size)
{
	int saved = errno;
	bool held = holds(loaded, fd, option);

	errno = saved;
	return held ? override(loaded, fd, option, value, size, saved)
		    : pass(loaded, fd, option, value, size);
}
