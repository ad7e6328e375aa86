/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_TESTS_READING_H
#define KASHIM_TESTS_READING_H

#include "configuration.h"
#include "policy.h"

/* The configuration that a test wrote and read: kashim.conf in its working directory. */
extern struct configuration reading;
extern struct policy reading_policy;

/* Fixtures: a directory of the test's own, and what was read is freed. */
void reading_begin(void);
void reading_end(void);

/* Read what stands in the directory. Returns what configuration_read() does. */
bool reading_again(void);

/* Write this text as kashim.conf and read it: there must be no diagnostic. */
void reading_accepts(const char *text);

/* The same, but there must be one diagnostic: at this line and column, with this message. */
void reading_refuses(
    const char *text, unsigned line, unsigned column, unsigned width, const char *message);

/* The number of rules without `defaults`, a rule's settings as they result, and where a value of
 * them stands: its line, and its file in the working directory. */
uint32_t reading_rules(void);
struct settings reading_settings(uint32_t rule);
unsigned reading_line(uint32_t rule, enum option_id option);
const char *reading_file(uint32_t rule, enum option_id option);

#endif
