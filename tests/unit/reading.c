/* SPDX-License-Identifier: MIT */
#include "reading.h"

#include <string.h>

#include <check.h>

#include "scratch.h"

struct configuration reading;
struct policy reading_policy;

void
reading_begin(void)
{
	scratch_enter();
	reading = (struct configuration){ 0 };
}

void
reading_end(void)
{
	configuration_free(&reading);
	reading = (struct configuration){ 0 };
}

bool
reading_again(void)
{
	bool good;

	reading_end();
	good = configuration_read("", "kashim.conf", &reading);
	reading_policy = build_policy(&reading.build);
	return good;
}

void
reading_accepts(const char *text)
{
	scratch_write("kashim.conf", text);
	if (!reading_again())
		ck_abort_msg("line %u: %s\n%s", reading.diagnostics.entries[0].line,
		    reading.diagnostics.entries[0].message, text);
}

void
reading_refuses(
    const char *text, unsigned line, unsigned column, unsigned width, const char *message)
{
	const struct diagnostic *diagnostic;

	scratch_write("kashim.conf", text);
	ck_assert_msg(!reading_again(), "not refused: %s", text);
	diagnostic = &reading.diagnostics.entries[0];
	ck_assert_msg(reading.diagnostics.count == 1, "%zu diagnostics, the second is: %s",
	    reading.diagnostics.count, diagnostic[1].message);
	ck_assert_str_eq(diagnostic->message, message);
	ck_assert_str_eq(diagnostic->file, "kashim.conf");
	ck_assert_msg(
	    diagnostic->line == line && diagnostic->column == column && diagnostic->width == width,
	    "%s: at %u:%u+%u, not %u:%u+%u", text, diagnostic->line, diagnostic->column,
	    diagnostic->width, line, column, width);
}

uint32_t
reading_rules(void)
{
	return reading_policy.rule_count - 1;
}

struct settings
reading_settings(uint32_t rule)
{
	ck_assert_uint_lt(rule, reading_policy.rule_count);
	return reading_policy.settings[reading_policy.rules[rule].settings];
}

unsigned
reading_line(uint32_t rule, enum option_id option)
{
	ck_assert_uint_lt(rule, reading_policy.rule_count);
	return reading.origins[rule].value[option].line;
}

const char *
reading_file(uint32_t rule, enum option_id option)
{
	const char *path = reading_policy.strings + reading.origins[rule].value[option].file;
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}
