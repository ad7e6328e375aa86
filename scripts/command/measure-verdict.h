/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_MEASURE_VERDICT_H
#define KASHIM_MEASURE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What `kashim measure` concludes from what it saw. Pure. All times are milliseconds. */

/* How a path that has forgotten a connection shows that. */
enum manner {
	MANNER_NONE,
	MANNER_SILENCE, /* probes are not answered */
	MANNER_RESET,   /* RST: on the first probe, or when it forgets */
	MANNER_CLOSED,  /* FIN when it forgets, while a connection with probes stays */
};

/* One silence that was tried. */
struct sample {
	int64_t silence;
	enum manner forgotten; /* MANNER_NONE: it was remembered */
};

/* Probes of the control connection, which is never silent: so many are lost anyway. */
struct loss {
	int64_t sent, answered;
};

/*
 * How many probes in a row must stay without an answer before that means anything: so many that
 * chance does it less than once in 10,000 times, where so many are lost anyway. 3 to 20.
 */
int verdict_probes(const struct loss *loss);

/* Whether so much is lost that what was seen once has to be seen once more. */
bool verdict_is_lossy(const struct loss *loss);

/*
 * Whether the path has forgotten a connection of which `unanswered` probes were sent since the
 * network was known to work; of the control connection so many were answered meanwhile.
 */
bool verdict_is_forgotten(const struct loss *loss, int unanswered, int64_t answered);

/* Whether the network does not work: no answer on the control connection for so long. */
bool verdict_is_down(const struct loss *loss, int64_t since_answer);

/* Who ended a connection at this age, without having been asked? */
enum ended_by { ENDED_BY_UNKNOWN, ENDED_BY_SERVER, ENDED_BY_PATH };

/*
 * The server, when it ended the control connection at the same age: `control_ended`, or 0. The
 * path, when the control connection has become older, `control_age`. Otherwise it is not known yet.
 */
enum ended_by verdict_ended_by(int64_t age, int64_t control_age, int64_t control_ended);

/* Whether two ages are the same, with some room. */
bool verdict_is_same_age(int64_t age, int64_t other);

/* What many samples say together. */
struct finding {
	int64_t
	    remembered;    /* the longest silence that was remembered, of those below `forgotten` */
	int64_t forgotten; /* the shortest one that was not; or 0 */
	enum manner manner; /* of that one */
	size_t misfits;     /* samples that say otherwise: the majority counts */
	int64_t safe;       /* `remembered`, or less where a misfit was forgotten before */
};

struct finding verdict_find(const struct sample *samples, size_t count);

/* Whether what was forgotten was seen too seldom: at least twice, or, with losses, just there. */
bool verdict_is_doubtful(const struct sample *samples, size_t count, const struct finding *finding,
    const struct loss *loss);

#endif
