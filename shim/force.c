/* SPDX-License-Identifier: MIT */
#include "force.h"

#include <errno.h>
#include <string.h>

#include "adopt.h"
#include "decide.h"
#include "memory.h"

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

	if (result == 0 && mark.kind == MARK_TCP && decide_waits(loaded)) {
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
	if (decide_waits(loaded) && !mark.decided)
		return false;
	if (option != OPTION_KEEPALIVE)
		return true;
	return mark.kind != MARK_OTHER && adopt_is_tcp(fd);
}

/* Whether the kernel would take this value, as far as the table knows. */
static bool
is_allowed(enum option_id option, int value)
{
	const struct option_row *row = &option_table[option];

	return option == OPTION_KEEPALIVE || (value == 0 && row->zero) ||
	       (value >= row->min && value <= row->max);
}

/*
 * A value that the kernel would take is replaced by the policy's, and the kernel judges the
 * descriptor; anything else the kernel judges as it is, and refuses. There is no moment in which
 * the program's value holds.
 */
int
force_setsockopt(
    const struct loaded *loaded, int fd, enum option_id option, const void *value, socklen_t size)
{
	const struct option_row *row = &option_table[option];
	int saved = errno;
	int asked, wanted;
	bool replaced;

	replaced = holds(loaded, fd, option) && size >= sizeof(asked) && size <= INT32_MAX &&
		   memory_is_readable(value, sizeof(asked));
	if (replaced) {
		memcpy(&asked, value, sizeof(asked));
		replaced = is_allowed(option, asked);
	}
	errno = saved;
	if (!replaced)
		return pass(loaded, fd, option, value, size);
	wanted = decide_settings(loaded, mark_of(fd))->value[option];
	return loaded->next.setsockopt(fd, row->level, row->name, &wanted, sizeof(wanted));
}
