/* SPDX-License-Identifier: MIT */
#include "outside-verdict.h"

#include <stdlib.h>

#include "apply.h"
#include "profile.h"

/* Find the settings that hold, and where they were written. */
static void
choose_settings(
    struct verdict *verdict, const struct ruling *ruling, const struct outside_socket *socket)
{
	const struct policy *policy = &ruling->policy;
	const struct facts facts = {
		.direction = socket->direction,
		.remote = socket->remote,
		.local = socket->local,
	};
	const struct rule *rule = policy_match(policy, &facts);

	if (rule == NULL)
		return;
	verdict->wanted = policy->settings[rule->settings];
	if (ruling->line != NULL) {
		verdict->wanted = profile_obey_line(policy, rule, &ruling->of_line);
		if (verdict->wanted.mode != MODE_OFF || ruling->of_line.mode != MODE_UNSET) {
			verdict->line = ruling->line;
			return;
		}
	}
	verdict->file = rule->line == 0 ? NULL : policy->strings + rule->file;
	verdict->line_number = rule->line;
}

/* What apply_adopt() would change. */
static uint32_t
find_lacking(
    const struct settings *wanted, const struct settings *have, const struct settings *defaults)
{
	uint32_t lacking = 0;

	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		int32_t value = have->value[option];

		if (!apply_wants(wanted, option, false) || option_table[option].rounded ||
		    value == VALUE_UNSET)
			continue;
		if (apply_choose(wanted, option, value, defaults->value[option]) != value)
			lacking |= UINT32_C(1) << option;
	}
	return lacking;
}

/* What apply_adopt_connection() would change. The kernel rounds times to its ticks, of 10 ms at most. */
static uint32_t
find_lacking_of_connection(const struct settings *wanted, const struct settings *have)
{
	const struct option_row *row = &option_table[OPTION_RETRANSMIT_MAX];
	int32_t value = have->value[OPTION_RETRANSMIT_MAX];

	if (wanted->value[OPTION_RETRANSMIT_MAX] == VALUE_UNSET || value == VALUE_UNSET)
		return 0;
	if (abs(apply_choose(wanted, OPTION_RETRANSMIT_MAX, value, row->max) - value) <= 10)
		return 0;
	return UINT32_C(1) << OPTION_RETRANSMIT_MAX;
}

static bool
is_too_slow(const struct settings *wanted, const struct settings *have)
{
	return wanted->value[OPTION_PATH_TIMEOUT] != VALUE_UNSET &&
	       have->value[OPTION_KEEPALIVE] == 1 &&
	       have->value[OPTION_IDLE] >= wanted->value[OPTION_PATH_TIMEOUT];
}

/* Under `suggest` it matters what the kernel's defaults are, and in a foreign namespace they may
 * not be known. */
static bool
is_known(const struct settings *wanted, const struct settings *defaults)
{
	return wanted->mode != MODE_SUGGEST || defaults->value[OPTION_IDLE] != VALUE_UNSET;
}

struct verdict
verdict_of(const struct ruling *ruling, const struct outside_socket *socket)
{
	struct verdict verdict = { .wanted = settings_unset() };

	choose_settings(&verdict, ruling, socket);
	if (verdict.wanted.mode == MODE_UNSET)
		return verdict;
	settings_resolve(&verdict.wanted, ruling->policy.retries);
	if (verdict.wanted.mode == MODE_OFF) {
		verdict.standing = STANDING_LEFT_ALONE;
		return verdict;
	}
	if (socket->copy == -1 || !is_known(&verdict.wanted, socket->defaults))
		return verdict;
	verdict.lacking = find_lacking(&verdict.wanted, &socket->have, socket->defaults);
	if (socket->listens || socket->remote.known)
		verdict.lacking |= find_lacking_of_connection(&verdict.wanted, &socket->have);
	verdict.too_slow = verdict.lacking == 0 && is_too_slow(&verdict.wanted, &socket->have);
	verdict.standing =
	    verdict.lacking != 0 || verdict.too_slow ? STANDING_UNPROTECTED : STANDING_PROTECTED;
	return verdict;
}

void
verdict_put_value(struct text *text, enum option_id option, int32_t value)
{
	enum unit unit = option_table[option].unit;

	if (value == VALUE_UNSET) {
		text_put(text, "?");
	} else if (option == OPTION_KEEPALIVE) {
		text_put(text, value == 0 ? "off" : "on");
	} else if (value == 0 && option_table[option].zero) {
		text_put(text, "off");
	} else if (unit == UNIT_MILLISECONDS && value % 1000 == 0) {
		text_put_number(text, value / 1000);
		text_put(text, "s");
	} else {
		text_put_number(text, value);
		text_put(text, unit == UNIT_SECONDS ? "s" : unit == UNIT_MILLISECONDS ? "ms" : "");
	}
}

static void
put_place(struct text *text, const struct verdict *verdict)
{
	if (verdict->line != NULL) {
		text_put(text, "KASHIM=");
		text_put(text, verdict->line);
	} else if (verdict->file == NULL) {
		text_put(text, "built in");
	} else {
		text_put(text, verdict->file);
		text_put(text, ":");
		text_put_number(text, verdict->line_number);
	}
}

void
verdict_put_options(struct text *text, uint32_t options, const struct settings *before,
    const struct settings *after)
{
	const char *separator = "";

	for (int i = -1; i < OPTION_COUNT; i++) {
		enum option_id option = i == -1 ? OPTION_KEEPALIVE : (enum option_id)i;

		if (i == OPTION_KEEPALIVE || (options & UINT32_C(1) << option) == 0)
			continue;
		text_put(text, separator);
		text_put(text, option_table[option].key);
		text_put(text, " ");
		if (before != NULL) {
			verdict_put_value(text, option, before->value[option]);
			text_put(text, " -> ");
		}
		verdict_put_value(text, option, after->value[option]);
		separator = ", ";
	}
}

/* What to do about it. */
static void
put_remedy(struct text *text, const struct process *process, const char *cleared)
{
	if (process->has_old_shim) {
		text_put(text, "; old shim: restart or kashim apply");
	} else if (process->has_shim) {
		text_put(text, "; kashim apply");
	} else if (*cleared != '\0') {
		text_put(text, "; no shim: ");
		text_put(text, cleared);
	} else if (process->is_reached) {
		text_put(text, "; no shim: restart or kashim apply");
	} else {
		text_put(text, "; ");
		text_put(text, process->unreached);
		text_put(text, ": kashim apply");
	}
}

void
verdict_put_note(struct text *text, const struct verdict *verdict, const struct ruling *ruling,
    const struct process *process, const char *cleared)
{
	if (ruling->unknown != NULL) {
		text_put(text, ruling->unknown);
	} else if (*ruling->broken != '\0') {
		text_put(text, "in error: kashim check ");
		text_put(text, ruling->broken);
	} else if (verdict->standing == STANDING_LEFT_ALONE) {
		text_put(text, "left alone by ");
		put_place(text, verdict);
	} else if (verdict->too_slow) {
		text_put(text, "too slow for path_timeout ");
		verdict_put_value(
		    text, OPTION_PATH_TIMEOUT, verdict->wanted.value[OPTION_PATH_TIMEOUT]);
		text_put(text, " (");
		put_place(text, verdict);
		text_put(text, ")");
	} else if (verdict->standing == STANDING_UNPROTECTED) {
		text_put(text, "wants ");
		verdict_put_options(text, verdict->lacking, NULL, &verdict->wanted);
		text_put(text, " (");
		put_place(text, verdict);
		text_put(text, ")");
		put_remedy(text, process, cleared);
	} else if (verdict->standing == STANDING_PROTECTED && !process->has_shim) {
		text_put(text, "no shim");
	}
}
