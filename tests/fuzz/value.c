/* SPDX-License-Identifier: MIT */
/* Values and durations: what is taken lies within its range, and what is refused has a reason. */
#include "fuzz.h"
#include "option.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char room[300];
	struct text error = text_in(room, sizeof(room));
	const struct option_row *row;
	enum option_id option;
	int32_t value = 12345678;

	if (size == 0)
		return 0;
	option = data[0] % OPTION_COUNT;
	row = &option_table[option];
	if (row->key == NULL)
		return 0;
	if (option_read(&option_table[option], (const char *)data + 1, size - 1, &value, &error)) {
		CLAIM((value >= row->min && value <= row->max) ||
		      (row->words && (value == VALUE_AUTO || value == VALUE_OFF)));
		CLAIM(error.used == 0);
	} else {
		CLAIM(value == 12345678);
		CLAIM(error.used != 0);
	}
	return 0;
}
