/* SPDX-License-Identifier: MIT */
#include "apply.h"

#include "kernel.h"

bool
apply_wants(const struct settings *settings, enum option_id option, bool listener)
{
	const struct option_row *row = &option_table[option];

	return settings->mode != MODE_OFF && settings->value[option] != VALUE_UNSET &&
	       row->name != 0 && row->listener == listener && !row->connection;
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
	int value = VALUE_UNSET;
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

int32_t
apply_choose(const struct settings *settings, enum option_id option, int32_t has, int32_t fresh)
{
	/* What is not set is as the kernel has made it, and under `tighten` that counts as well. */
	bool is_asked = has != fresh || settings->mode == MODE_TIGHTEN;

	return settings_choose(settings, option, is_asked ? has : VALUE_UNSET);
}

/*
 * Whether a program under `suggest` has had this policy on the socket: then what differs from it is
 * the program's own wish, even where that is the kernel's default. One equal value may be chance.
 */
static bool
carries(
    const struct settings *settings, const struct settings *has, const struct settings *defaults)
{
	int same = 0;

	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		same += apply_wants(settings, option, false) && option != OPTION_KEEPALIVE &&
			has->value[option] == settings->value[option] &&
			has->value[option] != defaults->value[option];
	return same > 1;
}

/*
 * Returns whether the socket has changed: what the kernel rounds may differ from what is wanted,
 * however often that is set.
 */
static bool
change(int fd, enum option_id option, int32_t has, int32_t wanted, apply_setsockopt *call)
{
	set(fd, option, wanted, call);
	return !option_table[option].rounded || get(fd, option) != has;
}

uint32_t
apply_adopt(int fd, const struct settings *settings, const struct settings *defaults, bool listens,
    apply_setsockopt *call)
{
	struct settings has = apply_read(fd);
	uint32_t changed = 0;

	if (settings->mode == MODE_SUGGEST && carries(settings, &has, defaults))
		return 0;
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		int32_t wanted =
		    apply_choose(settings, option, has.value[option], defaults->value[option]);

		if (!apply_wants(settings, option, false) &&
		    !(listens && apply_wants(settings, option, true)))
			continue;
		/* An option that cannot be read is refused, or what the program did is not known. */
		if (wanted == has.value[option] ||
		    (has.value[option] == VALUE_UNSET && settings->mode != MODE_FORCE))
			continue;
		if (change(fd, option, has.value[option], wanted, call))
			changed |= UINT32_C(1) << option;
	}
	return changed;
}

void
apply_adopt_connection(int fd, const struct settings *settings, apply_setsockopt *call)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];
		int32_t has, wanted;

		if (!row->connection || settings->value[option] == VALUE_UNSET)
			continue;
		has = get(fd, option);
		wanted = apply_choose(settings, option, has, row->max);
		if (has != VALUE_UNSET && wanted != has)
			set(fd, option, wanted, call);
	}
}

void
apply_listener(int fd, const struct settings *settings, apply_setsockopt *call)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		int32_t has, wanted;

		if (!apply_wants(settings, option, true))
			continue;
		/* The kernel's default is 0 for all of them. */
		has = get(fd, option);
		wanted = settings_choose(settings, option, has > 0 ? has : VALUE_UNSET);
		if (wanted != has)
			set(fd, option, wanted, call);
	}
}

void
apply_change(int fd, const struct settings *from, const struct settings *to,
    const struct settings *asked, const struct settings *defaults, apply_setsockopt *call)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];
		int32_t has = settings_choose(from, option, asked->value[option]);
		int32_t wanted = settings_choose(to, option, asked->value[option]);

		if (row->name == 0 || row->listener || row->connection || has == wanted)
			continue;
		/* Only the first policy has set it: the kernel's own choice again. */
		if (wanted == VALUE_UNSET)
			wanted = row->zero ? 0 : defaults->value[option];
		if (wanted != VALUE_UNSET)
			set(fd, option, wanted, call);
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
	int fd = kernel_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct settings defaults = apply_read(fd);

	if (fd != -1)
		kernel_close(fd);
	return defaults;
}
