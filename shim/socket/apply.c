/* SPDX-License-Identifier: MIT */
#include "apply.h"

#include "kernel.h"

bool
apply_wants(const struct settings *settings, enum option_id option, bool listener)
{
	const struct option_row *row = &option_table[option];

	return settings->mode != MODE_OFF && settings->value[option] != VALUE_UNSET &&
	       row->name != 0 && row->listener == listener;
}

static void
set(int fd, enum option_id option, int value, apply_setsockopt *call)
{
	const struct option_row *row = &option_table[option];

	call(fd, row->level, row->name, &value, sizeof(value));
}

static int
get(int fd, enum option_id option)
{
	const struct option_row *row = &option_table[option];
	int value;
	socklen_t size = sizeof(value);

	return kernel_getsockopt(fd, row->level, row->name, &value, &size) == 0 ? value
										: VALUE_UNSET;
}

void
apply(int fd, const struct settings *settings, apply_setsockopt *call)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		if (apply_wants(settings, option, false))
			set(fd, option, settings->value[option], call);
}

void
apply_listener(int fd, const struct settings *settings, apply_setsockopt *call)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		if (apply_wants(settings, option, true))
			set(fd, option, settings->value[option], call);
}

uint32_t
apply_missing(int fd, const struct settings *settings, const struct settings *defaults,
    apply_setsockopt *call)
{
	uint32_t asked = 0;

	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		if (!apply_wants(settings, option, false))
			continue;
		if (get(fd, option) == defaults->value[option])
			set(fd, option, settings->value[option], call);
		else
			asked |= UINT32_C(1) << option;
	}
	return asked;
}

/* The kernel's own choice again. */
static void
give_back(int fd, enum option_id option, const struct settings *defaults, apply_setsockopt *call)
{
	if (option_table[option].zero)
		set(fd, option, 0, call);
	else if (defaults->value[option] != VALUE_UNSET)
		set(fd, option, defaults->value[option], call);
}

void
apply_change(int fd, const struct settings *from, const struct settings *to, uint32_t asked,
    const struct settings *defaults, apply_setsockopt *call)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		bool had = apply_wants(from, option, false);
		bool has = apply_wants(to, option, false);
		bool is_asked = (asked & UINT32_C(1) << option) != 0;
		bool is_same = had && has && from->value[option] == to->value[option];

		if (is_asked ? has && to->mode == MODE_FORCE : has && !is_same)
			set(fd, option, to->value[option], call);
		else if (had && !has && !is_asked)
			give_back(fd, option, defaults, call);
	}
}

struct settings
apply_read(int fd)
{
	struct settings settings = settings_unset();

	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		if (option_table[option].name != 0)
			settings.value[option] = get(fd, option);
	return settings;
}

struct settings
apply_defaults(void)
{
	int fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct settings defaults = apply_read(fd);

	if (fd != -1)
		kernel_close(fd);
	return defaults;
}
