/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_JSON_H
#define KASHIM_JSON_H

#include <stdbool.h>
#include <stdio.h>

#include "option.h"

/*
 * What `--json` prints: one array of flat objects, RFC 8259. Begin, then for each object
 * json_object() and its members, then end. A string that is not UTF-8 has U+FFFD in place of each
 * wrong byte.
 */
struct json {
	FILE *out;
	bool any_object, any_member;
};

struct json json_begin(FILE *out);
void json_object(struct json *json);
void json_end(struct json *json);

/* A NULL string is null, and so is this number, also of milliseconds. */
#define JSON_NULL INT64_MIN
void json_string(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, int64_t value);
void json_decimal(struct json *json, const char *key, double value);
void json_boolean(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

/* A file and a line, both null where the line is 0. */
void json_place(
    struct json *json, const char *file_key, const char *line_key, const char *file, uint32_t line);

/* Times are seconds: 290000 ms are 290, 1500 ms are 1.5. */
void json_milliseconds(struct json *json, const char *key, int64_t value);

/* The value of an option, times in seconds; null where it is unset, "auto" and "off" as strings. */
void json_option(struct json *json, const char *key, enum option_id option, int32_t value);

#endif
