/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_MEASURE_H
#define KASHIM_MEASURE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "measure-connection.h"
#include "measure-plan.h"
#include "measure-target.h"
#include "measure-verdict.h"

/*
 * `kashim measure`: after how much silence does a path forget a connection? One thread, one loop
 * around poll(2). Three kinds of connections are open at once: trials, each silent for another
 * time; the control connection, which has a probe each second and says whether the network and the
 * server are there at all; and the cure, which lives under the policy that comes out.
 *
 * All times are milliseconds; points in time are those of CLOCK_BOOTTIME, which goes on while the
 * machine is suspended.
 */

enum fate {
	FATE_WAITING, /* for its turn to be opened */
	FATE_CONNECTING,
	FATE_SILENT,
	FATE_PROBING,
	FATE_ENDED,      /* from outside; by whom is not known yet */
	FATE_REMEMBERED, /* from here on nothing changes any more */
	FATE_FORGOTTEN,
	FATE_CLOSED, /* by the server itself */
	FATE_SPOKEN, /* the server never was silent for so long */
	FATE_VOID,   /* could not be opened, or the network or the server was not there */
	FATE_NOT_NEEDED,
};

/* One silence that is tried. */
struct trial {
	struct connection connection;
	enum fate fate;
	int64_t planned;
	bool is_settled; /* after a first silence, of a second, it had an answer */
	int64_t begun;   /* to connect */
	int64_t opened;  /* or when the server last spoke */
	int64_t age;     /* when it ended, since then */
	int64_t silent_since;
	int64_t silence; /* how long it really was */
	int64_t ended;   /* when the silence was over: first probe, or end from outside */
	int64_t next_probe;
	int64_t answered_in;     /* after the first probe */
	int64_t control_answers; /* before the first of the unanswered ones */
	int at_once, unanswered; /* probes: the first ones, and those after them */
	bool is_probed;
	enum manner manner;
	uint32_t received; /* segments, at the begin of the silence */
	int64_t pause;     /* between the last two times that the server spoke */
	int pauses;        /* of the same length, in a row */
};

struct control {
	struct connection connection;
	struct loss loss;   /* of what was answered before long */
	int64_t unanswered; /* probes since the last answer */
	int mute;           /* connections that had no answer at all */
	int64_t opened, last_answer, retry;
	int64_t works_since; /* after the last time that the network was down */
	bool is_down;
	int64_t ended_age; /* at which the server ended the last one, or 0 */
	int ends;          /* how many in a row, at that age */
	int64_t reset;     /* when the last RST came, or 0 */
};

struct cure {
	struct connection connection;
	int64_t path_timeout; /* seconds; 0: there is none short enough */
	int idle, interval, count;
	int64_t opened, lived; /* `lived` as long as it is, or was, there */
	int64_t last_answer;   /* its age then */
	int64_t probes, answered;
	bool has_answer;     /* since the times are what they are */
	bool is_settled;     /* nothing changes any more */
	bool holds;          /* and the connection was there to the end */
	bool ends_by_server; /* or the server ended it, as others of this age */
	bool ends_by_loss;   /* or so many packets get lost that it ended each time */
	int attempts;
};

enum outcome {
	OUTCOME_NONE, /* it goes on */
	OUTCOME_MEASURED,
	OUTCOME_REMEMBERED,  /* nothing was forgotten up to the longest silence */
	OUTCOME_CLOSED,      /* the server ends silent connections sooner than the path forgets */
	OUTCOME_SPOKEN,      /* the server is never silent for longer */
	OUTCOME_FORGETFUL,   /* forgotten after the shortest silence that can be tried */
	OUTCOME_UNREACHABLE, /* the first connection could not be opened: `error` */
	OUTCOME_MUTE,        /* connections can be opened, and no probe is ever answered */
	OUTCOME_DOWN,        /* the network, or the server, was away for too long: `error` */
	OUTCOME_UNSURE,      /* too many rounds */
	OUTCOME_INTERRUPTED,
};

enum event { EVENT_ROUND, EVENT_FATE, EVENT_NETWORK, EVENT_CURE, EVENT_TICK };

enum { MEASURE_SAMPLES = PLAN_ROUNDS * PLAN_SILENCES };

struct measure {
	struct target target;
	struct bounds bounds;
	const volatile sig_atomic_t *interrupted;
	/* Something happened, to a trial for EVENT_FATE; or a second has passed. */
	void (*notice)(struct measure *measure, enum event event, const struct trial *trial);
	void *context; /* of whoever is told */

	int64_t now, started;
	char local[TARGET_NAME_SIZE]; /* the own end, without a port */
	struct control control;
	struct cure cure;
	struct trial trials[PLAN_SILENCES]; /* of this round, ascending */
	size_t trial_count;
	struct sample samples[MEASURE_SAMPLES];
	size_t sample_count;
	struct finding finding;
	int round;
	bool limit_is_speech; /* bounds.limit: the server speaks then, and does not end anything */
	enum outcome outcome;
	int error;
};

/* Measure; what came out is in the structure. The caller fills its first part. */
void measure_run(struct measure *measure);

/* The parts of it. A trial, with the events of poll(2) for its connection: */
void trial_follow(struct measure *measure, struct trial *trial, short events);
void trial_settle(struct measure *measure, struct trial *trial, enum fate fate);
bool trial_is_over(const struct trial *trial);

/*
 * Its silence: begin it, once it is open, and end it with probes. There are two of them. The first,
 * of a second, shows that both ends and all between them have seen that it is open.
 */
void silence_begin(struct measure *measure, struct trial *trial);
void silence_follow(struct measure *measure, struct trial *trial);
int64_t silence_needed(const struct trial *trial); /* how long it is to be now */

/* The control connection. */
void control_begin(struct measure *measure);
void control_follow(struct measure *measure, short events);

/* The cure, which begins as soon as something is known: take over what is known by now. */
void cure_update(struct measure *measure);
void cure_follow(struct measure *measure, short events);
/* Nothing more becomes known: whether it was there for longer than the path remembers. */
void cure_conclude(struct measure *measure);
int64_t cure_left(const struct measure *measure);

#endif
