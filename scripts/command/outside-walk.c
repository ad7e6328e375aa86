/* SPDX-License-Identifier: MIT */
#include "outside-walk.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "allocate.h"
#include "outside-file.h"
#include "terminal.h"

/* What one walk needs besides. */
struct round {
	struct walk *walk;
	struct holders holders;
	char *const *operands;
	bool *met_operands;
	visit_found *found;
	void *context;
	pid_t refused; /* the last process of which something was */
};

/* Whether a process may be meant, so that it is worth a look. */
static bool
may_be_meant(pid_t pid, char *const *operands)
{
	bool may = *operands == NULL;

	for (; *operands != NULL && !may; operands++)
		may = process_number(*operands) == -1 || process_number(*operands) == pid;
	return may;
}

/*
 * The network namespaces that its sockets may be in. Returns whether it still is the same process.
 */
static bool
meet_netns(struct walk *walk, const struct holder *holder)
{
	int directory = holder_open(holder);
	struct file_stat stat;
	bool same = false;

	if (directory == -1)
		return false;
	if (file_read_stat(directory, &stat)) {
		same = holder->tid != holder->pid || stat.started == holder->started;
		netns_of(&walk->met, directory);
	}
	close(directory);
	return same;
}

/* A process of which nothing can be found out is a line of its own. */
static void
tell_process(struct round *round, const struct holder *holder, const char *note, int why)
{
	struct finding finding = finding_of_process(holder->pid, holder->command, note, why);

	round->found(&finding, round->context);
}

/* Passes findings on, and sees what may not be looked at. */
static void
pass_on(const struct finding *finding, void *context)
{
	struct round *round = context;
	struct walk *walk = round->walk;
	struct holding *owner = holders_owner(&round->holders, finding->socket.inode);

	if (finding->kind == FINDING_SOCKET && owner != NULL)
		owner->visited = true;
	if (finding->why != 0 && *finding->note == '\0') {
		walk->any_refused = true;
		walk->refused += round->refused != finding->pid;
		walk->why = finding->why;
		round->refused = finding->pid;
	} else if (finding->kind == FINDING_PROCESS) {
		walk->unjudged++;
	}
	round->found(finding, round->context);
}

static void
visit(struct round *round, const struct holder *holder)
{
	struct walk *walk = round->walk;
	struct visit visit = {
		.policies = &walk->policies,
		.holders = &round->holders,
		.holder = holder,
		.operands = round->operands,
		.met_operands = round->met_operands,
		.changes = walk->changes,
	};

	visit_choose(&visit);
	if ((visit.count != 0 || *round->operands != NULL) && meet_netns(walk, holder)) {
		visit.met = walk->met;
		if (!visit_holder(&visit, &walk->patience, pass_on, round)) {
			walk->unjudged++;
			tell_process(round, holder, "it does not answer in time", 0);
		}
	}
	free(visit.held);
}

/* Without operands nobody knows whether it has a socket at all. */
static void
visit_refused(struct round *round, struct holder *holder)
{
	struct walk *walk = round->walk;
	bool named = false;

	for (size_t i = 0; round->operands[i] != NULL; i++) {
		long number = process_number(round->operands[i]);

		if (number != -1 ? number == holder->pid
				 : fnmatch(round->operands[i], holder->command, 0) == 0)
			named = round->met_operands[i] = true;
	}
	walk->any_refused = true;
	if (!named)
		return;
	holder_retry(&round->holders, holder);
	if (holder->refused == 0) {
		visit(round, holder);
		return;
	}
	tell_process(round, holder, "", holder->refused);
	walk->refused++;
	walk->why = holder->refused;
}

static void
show_progress(pid_t pid, time_t started)
{
	static bool shown;

	if (pid == 0 ? !shown : time(NULL) - started < 2)
		return;
	shown = true;
	if (pid == 0)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\rlooking at process %d", (int)pid);
}

static void
visit_all(struct round *round)
{
	bool is_terminal = terminal_of(STDERR_FILENO).is_terminal;
	time_t started = time(NULL);

	for (size_t i = 0; i < round->holders.count; i++) {
		struct holder *holder = &round->holders.holder[i];

		if (!may_be_meant(holder->pid, round->operands))
			continue;
		if (is_terminal)
			show_progress(holder->pid, started);
		if (holder->refused != 0)
			visit_refused(round, holder);
		else
			visit(round, holder);
	}
	if (is_terminal)
		show_progress(0, started);
}

/* Sockets that are listed, and of which no process was found: someone else's, or the kernel's. */
static void
visit_rest(struct round *round, const struct netns *netns, int self)
{
	size_t count;
	struct listed *now = listed_read(self, &count);

	listed_sort_by_ports(now, count);
	for (size_t i = 0; i < count; i++) {
		const struct finding finding = finding_of_listed(&now[i]);

		/* What is new was not there when the processes were looked at. */
		if (listed_find(netns->listed, netns->count, now[i].inode) == NULL ||
		    holders_owner(&round->holders, now[i].inode) != NULL)
			continue;
		round->found(&finding, round->context);
		round->walk->listed_alone++;
	}
	free(now);
}

bool
walk_sockets(struct walk *walk, char *const *operands, visit_found *found, void *context)
{
	struct round round = { walk, { 0 }, operands, NULL, found, context, 0 };
	int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct netns *netns = self == -1 ? NULL : netns_of(&walk->met, self);
	bool good = true;
	size_t count = 0;

	while (operands[count] != NULL)
		count++;
	round.met_operands = allocate_or_exit(NULL, count + 1);
	memset(round.met_operands, 0, count + 1);
	round.holders = holders_find(NULL, NULL);
	visit_all(&round);
	if (count == 0 && netns != NULL)
		visit_rest(&round, netns, self);
	for (size_t i = 0; i < count; i++) {
		if (round.met_operands[i])
			continue;
		good = false;
		fprintf(stderr, "kashim: %s: %s\n", operands[i],
		    process_number(operands[i]) != -1 ? "no such process"
						      : "no process runs this program");
	}
	if (self != -1)
		close(self);
	holders_free(&round.holders);
	free(round.met_operands);
	return good;
}

bool
walk_report(const struct walk *walk)
{
	/* At the end, also where both streams go to one place. */
	fflush(stdout);
	if (walk->refused != 0 && walk->why == ENOSYS) {
		fputs("kashim: ? cannot be known here: the kernel, or a filter of this container, "
		      "has "
		      "no pidfd_getfd(2), Linux 5.6\n",
		    stderr);
		return true;
	}
	if (walk->listed_alone != 0 && walk->any_refused)
		fputs(
		    "kashim: ? is a socket of a process that may not be looked at, or of the kernel: run it as root to see more\n",
		    stderr);
	else if (walk->listed_alone != 0)
		fputs(
		    "kashim: ? is a socket that no visible process holds: the kernel's own, or of another container\n",
		    stderr);
	if (walk->unjudged != 0)
		fprintf(stderr, "kashim: %u process%s could not be judged, see the note of each\n",
		    walk->unjudged, walk->unjudged == 1 ? "" : "es");
	if (walk->refused == 0)
		return walk->unjudged != 0 || (walk->listed_alone != 0 && walk->any_refused);
	fprintf(stderr,
	    "kashim: %u process%s could not be looked at: %s; that needs root, or CAP_SYS_PTRACE, see kashim(1)\n",
	    walk->refused, walk->refused == 1 ? "" : "es", strerror(walk->why));
	return true;
}

void
walk_free(struct walk *walk)
{
	policies_free(&walk->policies);
	patience_free(&walk->patience);
	netns_free(walk->met);
}
