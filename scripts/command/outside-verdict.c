/* SPDX-License-Identifier: MIT */
#include "outside-verdict.h"

#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>

#include "allocate.h"
#include "apply.h"
#include "command.h"
#include "profile.h"

/* One configuration: the process that named it may have named anything. */
struct reading {
	char *conf;
	bool good;
	struct configuration configuration;
};

static struct reading *
append_listed(struct policies *policies, const char *conf)
{
	struct reading *reading;

	policies->readings = allocate_or_exit(
	    policies->readings, (policies->count + 1) * sizeof(*policies->readings));
	reading = &policies->readings[policies->count++];
	*reading = (struct reading){ .conf = copy_or_exit(conf, strlen(conf)) };
	return reading;
}

bool
policies_open(struct policies *policies)
{
	struct reading *reading;

	policies->conf = command_conf(policies->conf);
	reading = append_listed(policies, policies->conf);
	reading->good = command_read("", reading->conf, &reading->configuration);
	return reading->good;
}

void
policies_free(struct policies *policies)
{
	for (size_t i = 0; i < policies->count; i++) {
		free(policies->readings[i].conf);
		configuration_free(&policies->readings[i].configuration);
	}
	free(policies->readings);
	*policies = (struct policies){ 0 };
}

/* Opening a device can do things, so what a process names is looked at before. */
static bool
is_file(const char *path)
{
	struct stat found;

	return stat(path, &found) == 0 && S_ISREG(found.st_mode);
}

/* What holds for a process. */
static const struct reading *
find_reading(struct policies *policies, const struct process *process)
{
	const char *conf = process->conf == NULL ? policies->conf : process->conf;
	struct reading *reading;

	for (size_t i = 0; i < policies->count; i++)
		if (strcmp(policies->readings[i].conf, conf) == 0)
			return &policies->readings[i];
	reading = append_listed(policies, conf);
	reading->good = is_file(conf) && command_read_quietly("", conf, &reading->configuration);
	return reading;
}

/* Find the settings that hold, and where they were written. */
static void
choose_settings(struct verdict *verdict, const struct policy *policy, const struct process *process,
    const struct outside_socket *socket)
{
	struct facts facts = process_facts(process);
	const struct rule *rule;
	char message[600];
	struct text error = text_in(message, sizeof(message));
	struct settings line;

	facts.direction = socket->direction;
	facts.remote = socket->remote;
	facts.local = socket->local;
	rule = policy_match(policy, &facts);
	verdict->wanted = policy->settings[rule->settings];
	if (process->line != NULL && profile_read_line(policy, process->line, &line, &error)) {
		verdict->wanted = profile_obey_line(policy, rule, &line);
		verdict->line = verdict->wanted.mode == MODE_OFF && line.mode == MODE_UNSET
				    ? NULL
				    : process->line;
		if (verdict->line != NULL)
			return;
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
verdict_of(
    struct policies *policies, const struct process *process, const struct outside_socket *socket)
{
	const struct reading *reading = find_reading(policies, process);
	struct verdict verdict = { .wanted = settings_unset() };
	struct policy policy;

	if (!reading->good) {
		verdict.broken = reading->conf;
		return verdict;
	}
	policy = build_policy(&reading->configuration.build);
	choose_settings(&verdict, &policy, process, socket);
	settings_resolve(&verdict.wanted);
	if (verdict.wanted.mode == MODE_OFF) {
		verdict.standing = STANDING_LEFT_ALONE;
		return verdict;
	}
	if (socket->copy == -1 || !is_known(&verdict.wanted, socket->defaults))
		return verdict;
	verdict.lacking = find_lacking(&verdict.wanted, &socket->have, socket->defaults);
	verdict.too_slow = verdict.lacking == 0 && is_too_slow(&verdict.wanted, &socket->have);
	verdict.standing =
	    verdict.lacking != 0 || verdict.too_slow ? STANDING_UNPROTECTED : STANDING_PROTECTED;
	return verdict;
}

const char *
verdict_option_name(enum option_id option)
{
	return option_table[option].key;
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
		text_put(text, verdict_option_name(option));
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
put_remedy(struct text *text, const struct process *process)
{
	if (process->has_old_shim) {
		text_put(text, "; old shim: restart or kashim apply");
	} else if (process->has_shim) {
		text_put(text, "; kashim apply");
	} else if (process->is_reached) {
		text_put(text, "; no shim: restart or kashim apply");
	} else {
		text_put(text, "; ");
		text_put(text, process->unreached);
		text_put(text, ": kashim apply");
	}
}

void
verdict_put_note(struct text *text, const struct verdict *verdict, const struct process *process)
{
	if (verdict->broken != NULL) {
		text_put(text, "in error: kashim check ");
		text_put(text, verdict->broken);
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
		put_remedy(text, process);
	} else if (verdict->standing == STANDING_PROTECTED && !process->has_shim) {
		text_put(text, "no shim");
	}
}
