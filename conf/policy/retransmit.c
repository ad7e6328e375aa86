/* SPDX-License-Identifier: MIT */
#include "retransmit.h"

#include "option.h"

/* A tenth of a second is a whole number of ticks for every CONFIG_HZ: 100, 250, 300, 1000. */
enum { STEP = 100 };

static uint32_t
limit(uint32_t retries)
{
	return retries < RETRANSMIT_RETRIES_MOST ? retries : RETRANSMIT_RETRIES_MOST;
}

int32_t
retransmit_ends_after(int32_t longest, uint32_t retries)
{
	int32_t wait = RETRANSMIT_FIRST;
	int32_t sum = 0;

	for (uint32_t left = limit(retries) + 1; left != 0; left--) {
		sum += wait;
		wait = wait <= longest / 2 ? wait * 2 : longest;
	}
	return sum;
}

int64_t
retransmit_about(int64_t milliseconds)
{
	if (milliseconds <= 60000)
		return (milliseconds + 500) / 1000;
	return (milliseconds + 2500) / 5000 * 5;
}

int32_t
retransmit_max_for(int64_t wanted, uint32_t retries)
{
	const struct option_row *row = &option_table[OPTION_RETRANSMIT_MAX];
	int32_t wait = RETRANSMIT_FIRST;
	int32_t left = (int32_t)limit(retries) + 1;
	int32_t rest;

	if (wanted >= retransmit_ends_after(row->max, retries))
		return VALUE_UNSET;
	rest = (int32_t)wanted;
	/* The waits that double until the rest can be equal ones, none longer than the next double.
	 */
	for (; rest > wait * left; left--) {
		rest -= wait;
		wait *= 2;
	}
	rest = (rest + left * STEP - 1) / (left * STEP) * STEP;
	if (rest >= row->max)
		return VALUE_UNSET;
	return rest < row->min ? row->min : rest;
}
