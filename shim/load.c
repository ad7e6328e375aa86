/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "adopt.h"
#include "apply.h"
#include "facts.h"
#include "fetch.h"
#include "kernel.h"
#include "libc.h"
#include "mark.h"
#include "memory.h"
#include "profile.h"
#include "report.h"
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

static struct {
	struct loaded loaded;
	char where[WHERE_LONGEST], log[WHERE_LONGEST], problem[REPORT_LONGEST];
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
 * the stack of all the rest to pages that nobody has touched.
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
		return; /* a policy without `defaults`, which nobody compiles */
	loaded->settings = fetched->policy.settings[last->settings];
	put_where(&fetched->policy, last);
	loaded->connections = fetched->policy;
	loaded->connections.rule_count = kept - 1;
}

/* KASHIM is a rule in front of all others, so nothing else is left of them. */
static void
obey_line(struct loaded *loaded, const struct policy *policy, const char *line)
{
	char message[REPORT_LONGEST];
	struct text problem = text_in(message, sizeof(message));
	struct settings settings;
	struct text where;

	text_put(&problem, "KASHIM is ignored: ");
	if (!profile_read_line(policy, line, &settings, &problem)) {
		set_problem(message);
		return;
	}
	loaded->settings = settings;
	loaded->connections.rule_count = 0;
	where = text_in(state.where, sizeof(state.where));
	text_put(&where, "KASHIM=");
	text_put(&where, line);
}

/* The rules that wait have their settings in memory of our own, where they can be made ready. */
static void
prepare_connections(struct loaded *loaded, struct fetched *fetched)
{
	for (uint32_t i = 0; i < loaded->connections.rule_count; i++) {
		const struct rule *rule = &fetched->rules[i];

		settings_resolve(&fetched->settings[rule->settings]);
		if (rule->condition[CONDITION_LOCAL] != 0 ||
		    rule->condition[CONDITION_LOCAL_PORT] != 0)
			loaded->looks_at_local = true;
	}
}

static void
find_out(struct loaded *loaded, char **environment, char **arguments)
{
	struct variables variables = variables_read(environment);
	struct fetched fetched;
	const struct policy *policy;

	loaded->next = unloaded.next;
	next_find(&loaded->next);
	loaded->settings = settings_unset();
	loaded->settings.mode = MODE_OFF;
	loaded->verbose = variables.verbose;
	loaded->where = state.where;
	loaded->log = state.log;
	loaded->problem = state.problem;

	fetch(&variables, environment, arguments, &fetched);
	policy = fetched.state == FETCHED_POLICY ? &fetched.policy : NULL;
	set_problem(fetched.problem.start);
	if (policy != NULL) {
		copy_text(state.log, sizeof(state.log), policy->strings + policy->log);
		decide(loaded, &fetched);
	} else if (fetched.state == FETCHED_NOTHING) {
		loaded->settings = settings_builtin();
		copy_text(state.where, sizeof(state.where), "the built-in policy");
	}
	if (variables.line != NULL)
		obey_line(loaded, policy, variables.line);
	if (variables.log != NULL)
		copy_text(state.log, sizeof(state.log), variables.log);
	settings_resolve(&loaded->settings);
	prepare_connections(loaded, &fetched);
	if (!fetch_keep(&fetched, &loaded->connections))
		set_problem("rules that look at connections are ignored: no memory");
	if (load_waits(loaded) || loaded->settings.mode == MODE_SUGGEST)
		loaded->defaults = apply_defaults();
	report_prepare(loaded);
	loaded->is_plain = !load_waits(loaded) && !loaded->verbose && loaded->problem[0] == '\0';
}

static const struct loaded *
load_with(char **arguments)
{
	char **environment = variables_environment();
	const struct loaded *nothing = NULL;
	int saved = errno;

	if (environment == NULL ||
	    !atomic_compare_exchange_strong(&load_published, &nothing, &unloaded))
		return &unloaded;
	find_out(&state.loaded, environment, arguments);
	if (!load_is_off(&state.loaded) || state.loaded.problem[0] != '\0')
		mark_begin();
	atomic_store_explicit(&load_published, &state.loaded, memory_order_release);
	if (!load_is_off(&state.loaded))
		adopt_open(&state.loaded);
	errno = saved;
	return &state.loaded;
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

/*
 * A caller that comes before our constructor, as from another library's. Threads that such a one
 * has started do not find out anything, and so never write here: once our constructor has made all
 * of it read-only, none of them comes too late.
 */
const struct loaded *
load_now(void)
{
	return is_first_thread() ? load_with(NULL) : &unloaded;
}

/*
 * Only here all becomes read-only: a signal handler that interrupts load_now() may call it, too.
 * The arguments are there with glibc only.
 */
__attribute__((constructor)) static void
start(int count, char **arguments)
{
	int saved = errno;

	(void)count;
	load_with(libc_is_glibc() ? arguments : NULL);
	if (atomic_load(&load_published) == &state.loaded)
		memory_seal_library();
	errno = saved;
}
