/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_POLICY_H
#define KASHIM_POLICY_H

#include "settings.h"

/*
 * What kashim is: a policy is a list of rules, a rule has conditions and settings. The first rule
 * whose conditions hold for the facts about a program (and, once it is known, about its connection)
 * decides what its sockets get. Settings are in settings.h.
 *
 * Everything here is pure: no I/O, no allocation, no state. The same code runs in the kashim
 * command and inside wrapped programs. A policy is a set of flat arrays of 32-bit words and one
 * block of strings, so that its compiled form (compiled.h) is these arrays and nothing has to be
 * unpacked. References are indices, never pointers; a string is its offset in `strings`, and offset
 * 0 is the empty string.
 */

enum condition {
	CONDITION_PROGRAM,
	CONDITION_ARGUMENT,
	CONDITION_USER,
	CONDITION_REMOTE,
	CONDITION_LOCAL,
	CONDITION_REMOTE_PORT,
	CONDITION_LOCAL_PORT,
	CONDITION_COUNT,
};

/* Its name in the configuration. */
extern const char *const condition_keys[CONDITION_COUNT];

enum direction { DIRECTION_ANY, DIRECTION_CONNECT, DIRECTION_ACCEPT };

/*
 * A condition is an index into `words`: there stands the number of its members, then the members;
 * it holds when one of them does. Index 0 is a condition that was not given. A member is
 *
 *   program, argument        one word: the shell pattern, a string
 *   user                     one word: a user id
 *   remote, local            NETWORK_WORDS words, see struct network
 *   remote_port, local_port  one word: first port << 16 | last port
 */
struct rule {
	/* index of the settings that result when this rule decides: nothing is left to merge */
	uint32_t settings;
	uint32_t file;      /* where the rule stands: a string, */
	uint32_t line;      /* and a line, 0 for the built-in policy */
	uint32_t direction; /* enum direction */
	uint32_t condition[CONDITION_COUNT];
};

/*
 * An address range. IPv4 is kept in its IPv6-mapped form, ::ffff:a.b.c.d with a prefix of 96 or
 * more.
 */
struct network {
	/* numbers in the host's order, most significant first; bits beyond the prefix are 0 */
	uint32_t address[4];
	uint32_t prefix;   /* 0..128 */
	uint32_t excluded; /* 1: an address in this range makes the condition fail */
};
enum { NETWORK_WORDS = sizeof(struct network) / sizeof(uint32_t) };

enum { POLICY_RULES_MOST = 65535 };

struct profile {
	uint32_t name;
	uint32_t settings;
};

/* What a policy was made from, so that its age can be noticed. */
enum source_kind { SOURCE_ABSENT, SOURCE_FILE, SOURCE_DIRECTORY };
struct source {
	uint32_t path; /* a string */
	uint32_t kind; /* enum source_kind: SOURCE_ABSENT is a file that must still not exist */
	uint32_t inode[2];
	uint32_t size[2];
	uint32_t mtime[2]; /* seconds; of each pair the low half stands first */
	uint32_t mtime_nsec;
};

struct policy {
	const struct source *sources;
	const struct profile *profiles; /* those of the text; the built-in ones are in profile.h */
	const struct settings *settings;
	const struct rule *rules;
	const uint32_t *words;
	const char *strings;
	uint32_t source_count, profile_count, settings_count, rule_count, word_count, strings_size;
	/* where reports go: "stderr", "syslog", "none" or a path; 0 where the text does not say */
	uint32_t log;
	uint32_t retries; /* net.ipv4.tcp_retries2 of the host for which it was made */
	/* index of the settings of `defaults`, merged with its profile and the built-in policy */
	uint32_t defaults;
};

/* An address and port, either family; IPv4 in its mapped form. */
struct endpoint {
	bool known;
	uint16_t port;
	uint32_t address[4];
};

/* Whether an address is one of IPv4 in its mapped form, ::ffff:a.b.c.d. */
bool policy_is_ipv4(const uint32_t address[4]);

/* What is known when a decision is due. Nothing here is owned. */
struct facts {
	/* path of the file that was executed, a script's own; NULL where unknown */
	const char *executed;
	/* path of the program that the kernel runs, for a script its interpreter; or NULL */
	const char *image;
	/* as in /proc/PID/cmdline: each ends with a NUL; the first, argv[0], is no argument */
	const char *arguments;
	size_t arguments_size;
	uint32_t user;            /* effective user id */
	enum direction direction; /* DIRECTION_ANY: there is no connection yet */
	struct endpoint remote, local;
};

/*
 * The first rule that holds for these facts, or NULL. The rule belongs to the policy. A rule that
 * looks at the connection does not hold while there is none. The last rule of every policy that
 * conf/ makes is `defaults`, which has no conditions, so NULL is for policies made by hand.
 */
const struct rule *policy_match(const struct policy *policy, const struct facts *facts);

/* Whether a rule looks at the connection: it has a direction, an address or a port. */
bool policy_looks_at_connection(const struct rule *rule);

/*
 * Whether one condition of a rule holds. One that was not given does; one on a connection needs a
 * connection.
 */
bool policy_holds(const struct policy *policy, const struct rule *rule, enum condition condition,
    const struct facts *facts);

/* Whether the conditions on the program (program, argument, user) hold. */
bool policy_matches_program(
    const struct policy *policy, const struct rule *rule, const struct facts *facts);

/* Whether the conditions on the connection hold. */
bool policy_matches_connection(
    const struct policy *policy, const struct rule *rule, const struct facts *facts);

/*
 * Keep, in place and in their order, the rules that can still decide something for this program:
 * those that look at connections and whose other conditions hold, up to and with the first that
 * holds already. Returns how many, now at the front of `rules`, which is the policy's own array.
 */
uint32_t policy_narrow(const struct policy *policy, struct rule *rules, const struct facts *facts);

/* "connect", "accept", and "" for DIRECTION_ANY. */
extern const char *const direction_names[3];

#endif
