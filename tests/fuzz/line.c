/* SPDX-License-Identifier: MIT */
/* The KASHIM line: what is taken can be put on a socket, and what is refused changes nothing. */
#include "fuzz.h"
#include "profile.h"
#include "retransmit.h"

static void
claim_sound(const struct settings *settings)
{
	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		int32_t value = settings->value[option];

		CLAIM(value == VALUE_UNSET ||
		      (value >= option_table[option].min && value <= option_table[option].max));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_string(data, size);
	char room[600];
	struct text error = text_in(room, sizeof(room));
	struct settings settings = settings_unset();
	struct settings before = settings;

	if (profile_read_line(NULL, line, &settings, &error)) {
		settings = profile_obey_line(NULL, NULL, &settings);
		CLAIM(settings.mode != MODE_UNSET);
		settings_resolve(&settings, RETRANSMIT_RETRIES);
		claim_sound(&settings);
		CLAIM(settings_dead_after(&settings) > 0 || settings.value[OPTION_KEEPALIVE] == 0);
	} else {
		CLAIM(error.used != 0);
		CLAIM(memcmp(&settings, &before, sizeof(settings)) == 0);
	}
	free(line);
	return 0;
}
