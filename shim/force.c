/* SPDX-License-Identifier: MIT */
#include "force.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <sys/syscall.h>

#include "adopt.h"

static enum option_id
option_of(const struct loaded *loaded, int level, int name)
{
	enum option_id option = 0;

	while (option < OPTION_COUNT &&
	       (option_table[option].name != name || option_table[option].level != level ||
		   name == 0 || loaded->settings.value[option] == VALUE_UNSET))
		option++;
	return option;
}

bool
force_holds(const struct loaded *loaded, int level, int name)
{
	return loaded->settings.mode == MODE_FORCE &&
	       option_of(loaded, level, name) != OPTION_COUNT;
}

/*
 * Whether an int can be read there. The kernel says so without harm: rt_sigprocmask(2) copies the
 * new set before it looks at `how`, and this `how` does not exist, so nothing changes. Seccomp
 * filters always let it through.
 */
static bool
is_readable(const void *value)
{
	enum { SET_SIZE = 8, NO_SUCH_HOW = 99 };
	uintptr_t first = (uintptr_t)value & ~(uintptr_t)(SET_SIZE - 1);
	uintptr_t last = ((uintptr_t)value + sizeof(int) - 1) & ~(uintptr_t)(SET_SIZE - 1);

	if (syscall(SYS_rt_sigprocmask, NO_SUCH_HOW, first, NULL, SET_SIZE) == -1 &&
	    errno == EFAULT)
		return false;
	return first == last ||
	       syscall(SYS_rt_sigprocmask, NO_SUCH_HOW, last, NULL, SET_SIZE) != -1 ||
	       errno != EFAULT;
}

/* SO_KEEPALIVE exists on every socket, and only TCP's is ours. */
static bool
is_ours(int fd, enum option_id option)
{
	if (option != OPTION_KEEPALIVE || mark_of(fd) == MARK_CARRIES)
		return true;
	return mark_of(fd) == MARK_UNKNOWN && adopt_is_tcp(fd);
}

/*
 * A value that the kernel would take is replaced by the policy's, and the kernel judges the
 * descriptor; anything else the kernel judges as it is. There is no moment in which the program's
 * value holds.
 */
int
force_setsockopt(
    const struct loaded *loaded, int fd, int level, int name, const void *value, socklen_t size)
{
	enum option_id option = option_of(loaded, level, name);
	const struct option_row *row = &option_table[option];
	int wanted = loaded->settings.value[option];
	int saved = errno;
	int asked, result;

	if (size < sizeof(asked) || size > INT32_MAX || !is_readable(value)) {
		errno = saved;
		return loaded->next.setsockopt(fd, level, name, value, size);
	}
	memcpy(&asked, value, sizeof(asked));
	if ((option == OPTION_KEEPALIVE && asked != 0) || !is_ours(fd, option)) {
		errno = saved;
		return loaded->next.setsockopt(fd, level, name, value, size);
	}
	errno = saved;
	if (option == OPTION_KEEPALIVE || (asked >= row->min && asked <= row->max))
		return loaded->next.setsockopt(fd, level, name, &wanted, sizeof(wanted));

	/* Of some options the kernel also takes a 0, which stands for its own choice. */
	result = loaded->next.setsockopt(fd, level, name, value, size);
	if (result == 0)
		loaded->next.setsockopt(fd, level, name, &wanted, sizeof(wanted));
	errno = result == 0 ? saved : errno;
	return result;
}
