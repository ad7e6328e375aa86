/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "adopt.h"
#include "facts.h"
#include "fetch.h"
#include "kernel.h"
#include "libc.h"
#include "mark.h"
#include "memory.h"
#include "profile.h"
#include "record.h"
#include "report.h"
#include "retransmit.h"
#include "variables.h"

/* While nothing is known: the system calls, and no policy. */
static const struct loaded unloaded = {
	.next = NEXT_RAW,
	.settings = { .mode = MODE_OFF },
	.where = "",
	.log = "",
	.problem = "",
};

_Atomic(const struct loaded *) load_published;

enum { EARLY = 64 };

static struct {
	struct loaded loaded;
	char where[WHERE_LONGEST], log[WHERE_LONGEST], problem[REPORT_LONGEST];
	/* Sockets that were made meanwhile, by how: of the first descriptors, a bit for each. */
	uint64_t early[DIRECTION_ACCEPT + 1];
} state;

static void
copy_text(char *to, size_t size, const char *from)
{
	struct text text = text_in(to, size);

	text_put(&text, from);
}

static void
set_problem(const char *problem)
{
	copy_text(state.problem, sizeof(state.problem), problem);
}

static void
put_where(const struct policy *policy, const struct rule *rule)
{
	struct text text = text_in(state.where, sizeof(state.where));

	if (rule->line == 0) {
		text_put(&text, "the built-in policy");
		return;
	}
	text_put(&text, policy->strings + rule->file);
	text_put(&text, ":");
	text_put_number(&text, rule->line);
}

/*
 * The rules for this program, to the front; how many they are. Not inlined, for its room would push
 * the stack of all the rest to pages that were not touched yet.
 */
__attribute__((noinline)) static uint32_t
narrow_by_facts(const struct fetched *fetched)
{
	struct facts_room room;
	struct facts facts = facts_of_program(&fetched->policy, fetched->arguments, &room);
	uint32_t kept = policy_narrow(&fetched->policy, fetched->rules, &facts);

	facts_free(&room);
	return kept;
}

/* Decide what can be decided now, and keep the rules that have to wait for a connection. */
static void
decide(struct loaded *loaded, const struct fetched *fetched)
{
	const struct facts nothing = { 0 };
	uint32_t kept = facts_matter(&fetched->policy)
			    ? narrow_by_facts(fetched)
			    : policy_narrow(&fetched->policy, fetched->rules, &nothing);
	const struct rule *last = fetched->rules + kept;

	if (kept == 0 || policy_looks_at_connection(--last))
		return; /* a policy without `defaults`, which the compiler never writes */
	loaded->settings = fetched->policy.settings[last->settings];
	put_where(&fetched->policy, last);
	loaded->connections = fetched->policy;
	loaded->connections.rule_count = kept - 1;
}

/* The rules that wait have the settings of the line, too, but for those that say `off`. */
static void
put_line_first(struct loaded *loaded, struct fetched *fetched, const struct settings *line)
{
	uint32_t count = loaded->connections.rule_count;
	uint32_t off = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct rule *rule = &fetched->rules[i];
		struct settings settings = profile_obey_line(&fetched->policy, rule, line);

		if (settings.mode == MODE_OFF) {
			off++;
			continue;
		}
		fetched->settings[rule->settings] = settings;
		rule->line = 0;
	}
	if (off == 0)
		loaded->connections.rule_count = 0;
}

/*
 * KASHIM is a rule in front of all others. Where these cannot be read, one of them may say
 * `off`, which only a line that names a mode can change.
 */
static void
obey_line(struct loaded *loaded, struct fetched *fetched, const char *text)
{
	const struct policy *policy = fetched->state == FETCHED_POLICY ? &fetched->policy : NULL;
	const struct rule *decides =
	    policy == NULL ? NULL : fetched->rules + loaded->connections.rule_count;
	char message[REPORT_LONGEST];
	struct text problem = text_in(message, sizeof(message));
	struct settings line, settings;
	struct text where;

	text_put(&problem, "KASHIM is ignored: ");
	if (!profile_read_line(policy, text, &line, &problem)) {
		set_problem(message);
		return;
	}
	if (fetched->state == FETCHED_BROKEN && line.mode == MODE_UNSET)
		return;
	settings = profile_obey_line(policy, decides, &line);
	put_line_first(loaded, fetched, &line);
	if (line.mode == MODE_UNSET && settings.mode == MODE_OFF)
		return;
	loaded->settings = settings;
	where = text_in(state.where, sizeof(state.where));
	text_put(&where, "KASHIM=");
	text_put(&where, text);
}

/* The rules that wait have their settings in the library's own memory, where they can be resolved. */
static void
prepare_connections(struct loaded *loaded, struct fetched *fetched)
{
	for (uint32_t i = 0; i < loaded->connections.rule_count; i++) {
		const struct rule *rule = &fetched->rules[i];

		settings_resolve(&fetched->settings[rule->settings], loaded->retries);
		if (rule->condition[CONDITION_LOCAL] != 0 ||
		    rule->condition[CONDITION_LOCAL_PORT] != 0)
			loaded->looks_at_local = true;
	}
}

/*
 * A host's first process is not risked, but where LD_PRELOAD names the library: a container's is a
 * program like others. `run --only` names one process.
 */
static bool
is_left_alone(const struct variables *variables)
{
	long pid = syscall(SYS_getpid);

	if (variables->only != 0 && variables->only != pid)
		return true;
	return pid == 1 && !variables_preload(variables, next_own_path());
}

static void
find_out(
    struct loaded *loaded, const struct variables *variables, char **environment, char **arguments)
{
	struct fetched fetched;

	fetch(variables, environment, arguments, &fetched);
	set_problem(fetched.problem.start);
	if (fetched.state == FETCHED_POLICY) {
		copy_text(
		    state.log, sizeof(state.log), fetched.policy.strings + fetched.policy.log);
		decide(loaded, &fetched);
	} else if (fetched.state == FETCHED_NOTHING) {
		loaded->settings = settings_builtin();
		copy_text(state.where, sizeof(state.where), "the built-in policy");
	}
	if (variables->line != NULL)
		obey_line(loaded, &fetched, variables->line);
	if (variables->log != NULL)
		copy_text(state.log, sizeof(state.log), variables->log);
	loaded->retries =
	    fetched.state == FETCHED_POLICY ? fetched.policy.retries : RETRANSMIT_RETRIES;
	settings_resolve(&loaded->settings, loaded->retries);
	prepare_connections(loaded, &fetched);
	if (!fetch_keep(&fetched, &loaded->connections))
		set_problem("rules that look at connections are ignored: no memory");
	report_prepare(loaded);
}

static void
adopt_early(const struct loaded *loaded)
{
	for (enum direction direction = DIRECTION_CONNECT; direction <= DIRECTION_ACCEPT;
	     direction++)
		for (int fd = 0; state.early[direction] >> fd != 0 && fd < EARLY; fd++)
			if ((state.early[direction] >> fd & 1) != 0)
				adopt_made(loaded, fd, direction);
}

static const struct loaded *
load_with(char **environment, char **arguments)
{
	struct loaded *loaded = &state.loaded;
	const struct loaded *nothing = NULL;
	struct variables variables;
	int saved = errno;

	if (environment == NULL ||
	    !atomic_compare_exchange_strong(&load_published, &nothing, &unloaded))
		return &unloaded;
	variables = variables_read(environment);
	*loaded = unloaded;
	next_find(&loaded->next);
	loaded->verbose = variables.verbose;
	loaded->where = state.where;
	loaded->log = state.log;
	loaded->problem = state.problem;
	if (!is_left_alone(&variables))
		find_out(loaded, &variables, environment, arguments);
	loaded->is_plain = !load_waits(loaded) && !loaded->verbose && loaded->problem[0] == '\0';
	if (!load_is_off(loaded) || loaded->problem[0] != '\0')
		mark_begin();
	if (load_waits(loaded))
		record_begin();
	atomic_store_explicit(&load_published, loaded, memory_order_release);
	if (!load_is_off(loaded)) {
		adopt_early(loaded);
		adopt_activated(loaded, variables.passed);
	}
	errno = saved;
	return loaded;
}

static bool
is_first_thread(void)
{
	int saved = errno;
	long thread = syscall(SYS_gettid);
	/* A seccomp filter may refuse to say so. */
	bool is_first = thread == -1 || thread == syscall(SYS_getpid);

	errno = saved;
	return is_first;
}

void
load_remember(const struct loaded *loaded, int fd, enum direction direction)
{
	if (loaded == &unloaded && fd < EARLY && is_first_thread())
		state.early[direction] |= UINT64_C(1) << fd;
}

void
load_leave_alone(const struct loaded *loaded)
{
	int saved = errno;
	struct loaded *alone;

	if (load_is_off(loaded) && loaded->is_plain)
		return;
	report_left_alone(loaded);
	alone = memory_map(sizeof(*alone));
	if (alone != NULL) {
		*alone = unloaded;
		alone->next = loaded->next;
		alone->settings = settings_unset();
		alone->settings.mode = MODE_OFF;
		alone->is_plain = true;
		memory_open_library();
		atomic_store_explicit(&load_published, alone, memory_order_release);
		memory_seal_library();
	}
	errno = saved;
}

/*
 * A caller that comes before our constructor, as from another library's. Threads that such a one
 * has started do not find out anything, and so never write here: once our constructor has made all
 * of it read-only, none of them comes too late.
 */
const struct loaded *
load_now(void)
{
	return is_first_thread() ? load_with(variables_environment(), NULL) : &unloaded;
}

/*
 * Only here all becomes read-only: a signal handler that interrupts load_now() may call it, too.
 * glibc gives us what the kernel gave to the program, which another library's constructor may have
 * cleared meanwhile; with musl there may be nothing left.
 */
__attribute__((constructor)) static void
start(int count, char **arguments, char **environment)
{
	static char *const empty[] = { NULL };
	char **left = variables_environment();
	int saved = errno;

	(void)count;
	if (libc_is_glibc())
		load_with(environment, arguments);
	else
		load_with(left != NULL ? left : (char **)(uintptr_t)empty, NULL);
	if (atomic_load(&load_published) == &state.loaded)
		memory_seal_library();
	errno = saved;
}
