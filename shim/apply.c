/* SPDX-License-Identifier: MIT */
#include "apply.h"

#include "next.h"

static void
apply_rows(int fd, const struct settings *settings, bool listener)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];
		int value = settings->value[option];

		if (value != VALUE_UNSET && row->name != 0 && row->listener == listener)
			next_setsockopt(fd, row->level, row->name, &value, sizeof(value));
	}
}

void
apply(int fd, const struct settings *settings)
{
	apply_rows(fd, settings, false);
}

void
apply_listener(int fd, const struct settings *settings)
{
	apply_rows(fd, settings, true);
}
