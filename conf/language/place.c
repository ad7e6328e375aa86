/* SPDX-License-Identifier: MIT */
#include "place.h"

#include <stdlib.h>
#include <string.h>

#include "allocate.h"

enum { DEEPEST = 16 };

struct scan {
	const char *file;
	const char *at;
	const char *line; /* the start of the line that was located last, and its number */
	unsigned number;
	const char *counted; /* up to where lines were counted */
	struct places *places;
	struct diagnostics *diagnostics;
	struct {
		struct span opened;
		char closing; /* the bracket that ends it */
	} open[DEEPEST];      /* groups, lists and arrays */
	size_t depth;
};

/*
 * The span that starts where the scan is. The scan only goes forward, so each byte is looked at
 * once.
 */
static struct span
locate(struct scan *scan, size_t width)
{
	const char *end;

	while ((end = memchr(scan->counted, '\n', (size_t)(scan->at - scan->counted))) != NULL) {
		scan->line = scan->counted = end + 1;
		scan->number++;
	}
	scan->counted = scan->at;
	return (struct span){ scan->line, scan->number, scan->at, width };
}

static bool
refuse(struct scan *scan, const struct span *span, const char *message)
{
	diagnostic_at(scan->diagnostics, scan->file, span, "%s", message);
	return false;
}

static bool
refuse_here(struct scan *scan, size_t width, const char *message)
{
	struct span span = locate(scan, width);

	return refuse(scan, &span, message);
}

/* Go past blanks and comments. False where a comment has no end. */
static bool
skip_blanks(struct scan *scan)
{
	for (;;) {
		const char *at = scan->at + strspn(scan->at, " \t\r\n\f");
		const char *end;

		scan->at = at;
		if (at[0] == '#' || (at[0] == '/' && at[1] == '/')) {
			scan->at += strcspn(at, "\n");
			continue;
		}
		if (at[0] != '/' || at[1] != '*')
			return true;
		end = strstr(at + 2, "*/");
		if (end == NULL)
			return refuse_here(scan, 2, "this comment has no end, */ is missing");
		scan->at = end + 2;
	}
}

static bool
is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*';
}

static bool
is_name(char c)
{
	return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static struct place *
append_place(struct scan *scan)
{
	struct places *places = scan->places;

	places->place = grow_or_exit(places->place, places->count, sizeof(*places->place));
	places->place[places->count] = (struct place){ locate(scan, 0), locate(scan, 0) };
	return &places->place[places->count++];
}

/* Past one string literal, quotes included. */
static bool
skip_string(struct scan *scan)
{
	const char *at = scan->at + 1;

	for (; *at != '"'; at++) {
		if (*at == '\0' || *at == '\n')
			return refuse_here(
			    scan, (size_t)(at - scan->at), "this string has no end, \" is missing");
		if (at[0] == '\\' && strncmp(at, "\\x00", 4) == 0)
			return refuse_here(scan, (size_t)(at - scan->at) + 4,
			    "a string cannot hold a NUL character");
		if (at[0] == '\\' && at[1] != '\0' && at[1] != '\n')
			at++;
	}
	scan->at = at + 1;
	return true;
}

/* A string, or several that stand behind each other, which libconfig joins. */
static bool
scan_strings(struct scan *scan, struct span *value)
{
	while (*scan->at == '"') {
		if (!skip_string(scan))
			return false;
		value->width = (size_t)(scan->at - value->at);
		if (!skip_blanks(scan))
			return false;
	}
	return true;
}

static bool
scan_value(struct scan *scan, struct span *value)
{
	static const char opening[] = "{([";
	static const char closing[] = "})]";
	const char *bracket;

	*value = locate(scan, 0);
	if (*scan->at == '"')
		return scan_strings(scan, value);
	bracket = *scan->at == '\0' ? NULL : strchr(opening, *scan->at);
	if (bracket == NULL) {
		value->width = strcspn(scan->at, " \t\r\n\f;,=:{}()[]\"#/@");
		if (value->width == 0)
			return refuse_here(scan, 1, "a value is missing here");
		scan->at += value->width;
		return true;
	}
	if (scan->depth == DEEPEST)
		return refuse_here(
		    scan, 1, "this is nested too deeply, allowed are 16 brackets in each other");
	value->width = 1;
	scan->open[scan->depth].opened = *value;
	scan->open[scan->depth++].closing = closing[bracket - opening];
	scan->at++;
	return true;
}

static bool
scan_setting(struct scan *scan)
{
	struct place *place;

	if (strncmp(scan->at, "@include", 8) == 0)
		return refuse_here(scan, 8,
		    "@include is not supported, put files into the drop-in directory: the name of this configuration followed by .d");
	if (!is_name_start(*scan->at))
		return refuse_here(scan, 1, "syntax error, a setting is written \"name = value;\"");
	place = append_place(scan);
	while (is_name(*scan->at))
		scan->at++;
	place->name.width = (size_t)(scan->at - place->name.at);
	if (!skip_blanks(scan))
		return false;
	if (*scan->at != '=' && *scan->at != ':')
		return refuse(scan, &place->name,
		    "syntax error, = is missing, a setting is written \"name = value;\"");
	scan->at++;
	return skip_blanks(scan) && scan_value(scan, &place->value);
}

/* A bracket that does not fit the one that is open, which is mostly where the mistake is. */
static bool
refuse_closing(struct scan *scan)
{
	struct span here = locate(scan, 1);
	const struct span *opened;

	if (scan->depth == 0)
		return refuse(scan, &here, "this bracket closes nothing, none is open");
	opened = &scan->open[scan->depth - 1].opened;
	diagnostic_at(scan->diagnostics, scan->file, &here,
	    "%c does not close the %c of line %u, which needs a %c first", *here.at, *opened->at,
	    opened->number, scan->open[scan->depth - 1].closing);
	return false;
}

/* One step: a separator, the end of a group, or a setting. */
static bool
scan_next(struct scan *scan)
{
	char closing = '\0';
	bool in_group;

	if (scan->depth > 0)
		closing = scan->open[scan->depth - 1].closing;
	in_group = closing == '\0' || closing == '}';

	if (*scan->at == ',' || (in_group && *scan->at == ';')) {
		scan->at++;
		return true;
	}
	if (closing != '\0' && *scan->at == closing) {
		scan->depth--;
		scan->at++;
		return true;
	}
	if (*scan->at != '\0' && strchr("})]", *scan->at) != NULL)
		return refuse_closing(scan);
	if (in_group)
		return scan_setting(scan);
	return scan_value(scan, &append_place(scan)->value);
}

bool
place_scan(
    const char *file, const char *text, struct places *places, struct diagnostics *diagnostics)
{
	struct scan scan = { .file = file,
		.at = text,
		.line = text,
		.number = 1,
		.counted = text,
		.places = places,
		.diagnostics = diagnostics };

	*places = (struct places){ 0 };
	for (;;) {
		if (!skip_blanks(&scan))
			return false;
		if (*scan.at == '\0')
			break;
		if (!scan_next(&scan))
			return false;
	}
	if (scan.depth == 0)
		return true;
	return refuse(&scan, &scan.open[scan.depth - 1].opened,
	    "this bracket is not closed before the end of the file");
}

void
place_free(struct places *places)
{
	free(places->place);
	*places = (struct places){ 0 };
}
