/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <inttypes.h>
#include <string.h>

#include "utf8.h"

struct json
json_begin(FILE *out)
{
	fputs("[", out);
	return (struct json){ .out = out };
}

static void
end_object(struct json *json)
{
	if (json->any_object)
		fputs("}", json->out);
}

void
json_object(struct json *json)
{
	end_object(json);
	fputs(json->any_object ? ",\n {" : "\n {", json->out);
	json->any_object = true;
	json->any_member = false;
}

void
json_end(struct json *json)
{
	end_object(json);
	fputs(json->any_object ? "\n]\n" : "]\n", json->out);
}

static void
put_string(FILE *out, const char *string)
{
	size_t size;

	fputc('"', out);
	for (; *string != '\0'; string += size) {
		size = utf8_size(string);
		if (size == 0) {
			fputs("\\ufffd", out);
			size = 1;
		} else if (*string == '"' || *string == '\\') {
			fprintf(out, "\\%c", *string);
		} else if ((unsigned char)*string < ' ' || *string == 0x7f) {
			fprintf(out, "\\u%04x", (unsigned)*string);
		} else {
			fwrite(string, 1, size, out);
		}
	}
	fputc('"', out);
}

static void
put_key(struct json *json, const char *key)
{
	fputs(json->any_member ? ", " : "", json->out);
	json->any_member = true;
	put_string(json->out, key);
	fputs(": ", json->out);
}

void
json_null(struct json *json, const char *key)
{
	put_key(json, key);
	fputs("null", json->out);
}

void
json_string(struct json *json, const char *key, const char *value)
{
	if (value == NULL) {
		json_null(json, key);
		return;
	}
	put_key(json, key);
	put_string(json->out, value);
}

void
json_number(struct json *json, const char *key, int64_t value)
{
	if (value == JSON_NULL) {
		json_null(json, key);
		return;
	}
	put_key(json, key);
	fprintf(json->out, "%" PRId64, value);
}

void
json_decimal(struct json *json, const char *key, double value)
{
	put_key(json, key);
	fprintf(json->out, "%.6g", value);
}

void
json_boolean(struct json *json, const char *key, bool value)
{
	put_key(json, key);
	fputs(value ? "true" : "false", json->out);
}

void
json_place(
    struct json *json, const char *file_key, const char *line_key, const char *file, uint32_t line)
{
	json_string(json, file_key, line == 0 ? NULL : file);
	json_number(json, line_key, line == 0 ? JSON_NULL : line);
}

void
json_milliseconds(struct json *json, const char *key, int64_t value)
{
	if (value == JSON_NULL || value % 1000 == 0) {
		json_number(json, key, value == JSON_NULL ? value : value / 1000);
		return;
	}
	put_key(json, key);
	fprintf(json->out, "%" PRId64 ".%03d", value / 1000, (int)(value % 1000));
}

void
json_option(struct json *json, const char *key, enum option_id option, int32_t value)
{
	if (value == VALUE_UNSET)
		json_null(json, key);
	else if (value == VALUE_AUTO || value == VALUE_OFF)
		json_string(json, key, value == VALUE_AUTO ? "auto" : "off");
	else if (option_table[option].unit == UNIT_SWITCH)
		json_boolean(json, key, value != 0);
	else if (option_table[option].unit == UNIT_MILLISECONDS)
		json_milliseconds(json, key, value);
	else
		json_number(json, key, value);
}
