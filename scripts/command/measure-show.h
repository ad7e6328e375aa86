/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_MEASURE_SHOW_H
#define KASHIM_MEASURE_SHOW_H

#include "json.h"
#include "measure.h"
#include "terminal.h"
#include "text.h"

/* How far `kashim measure` is, and what came out, on standard output. */
enum show_way {
	SHOW_LINES, /* a line for each result, when it is there */
	SHOW_BARS,  /* on a terminal: a line for each connection, drawn again and again */
	SHOW_JSON,
};

struct show {
	enum show_way way;
	struct terminal terminal;
	struct json json;
	const char *host_port;
	size_t drawn; /* lines of the round that stand on the terminal */
	int64_t drawn_at;
};

struct show show_begin(const char *host_port, bool is_json);

/* Of struct measure, whose context is the struct show. */
void show_notice(struct measure *measure, enum event event, const struct trial *trial);

/* What came out, and what to do about it. */
void show_result(struct show *show, const struct measure *measure);

/* Whether the round fits on the terminal: what is higher, or hardly wide, cannot be drawn again. */
bool show_fits(const struct measure *measure);

/* Draw the round, in place of what was drawn before. */
void show_draw(struct show *show, const struct measure *measure);

/* Print the line of one trial. */
void show_put_line(
    const struct show *show, const struct measure *measure, const struct trial *trial);

/* Append a time as people say it: "8.4s" below 20 s, "5m43s". */
void show_put_time(struct text *text, int64_t milliseconds);

/* What became of a trial, in words, and in one. */
void show_put_fate(struct text *text, const struct measure *measure, const struct trial *trial);
const char *show_fate_word(enum fate fate);

#endif
