/* SPDX-License-Identifier: MIT */
#include "outside-walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "allocate.h"
#include "terminal.h"

/* What one process needs while its sockets are visited. */
struct stop {
	struct walk *walk;
	const struct process *process;
	walk_visit *visit;
	void *context;
};

static void
judge(const struct outside_socket *socket, void *context)
{
	const struct stop *stop = context;
	struct verdict verdict = verdict_of(&stop->walk->policies, stop->process, socket);

	stop->visit(stop->process, socket, &verdict, stop->context);
}

/* A process that may not be looked at is one line of its own, for who asked for it. */
static void
visit_refused(const struct process *process, walk_visit *visit, void *context)
{
	struct listed nothing = { .timer = -1 };
	struct outside_socket socket = socket_listed(&nothing);
	struct verdict unknown = { .wanted = settings_unset() };

	visit(process, &socket, &unknown, context);
}

static void
visit_process(
    struct walk *walk, const struct process *process, bool named, walk_visit *visit, void *context)
{
	struct stop stop = { walk, process, visit, context };
	struct netns *netns;
	int why = process->refused;

	if (why == 0) {
		netns = netns_of(&walk->netns_met, process->directory);
		why = sockets_visit(process, netns, judge, &stop);
	}
	if (why == 0)
		return;
	walk->any_refused = true;
	/* Without operands nobody knows whether it has a socket at all. */
	if (process->refused != 0 && (!named || !process_is_refused(process)))
		return;
	if (process->refused != 0)
		visit_refused(process, visit, context);
	walk->refused++;
	walk->why = why;
}

static bool
is_pid(const char *operand)
{
	return *operand != '\0' && strspn(operand, "0123456789") == strlen(operand);
}

/* Whether a process with this number may be meant, so that it is worth a look. */
static bool
may_be_meant(const char *pid, char *const *operands)
{
	bool may = *operands == NULL;

	for (; *operands != NULL && !may; operands++)
		may = !is_pid(*operands) || strtol(pid, NULL, 10) == strtol(*operands, NULL, 10);
	return may;
}

/* Whether some operand means this process. All that do are marked as met. */
static bool
is_meant(const struct process *process, char *const *operands, bool *met)
{
	bool meant = false;

	for (size_t i = 0; operands[i] != NULL; i++) {
		if (!process_is(process, operands[i]))
			continue;
		met[i] = true;
		meant = true;
	}
	return meant;
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
visit_processes(
    struct walk *walk, char *const *operands, bool *met, walk_visit *visit, void *context)
{
	bool is_terminal = terminal_of(STDERR_FILENO).is_terminal;
	time_t started = time(NULL);
	DIR *directory = opendir("/proc");
	const struct dirent *entry;

	if (directory == NULL) {
		fprintf(stderr, "kashim: /proc: %s\n", strerror(errno));
		return;
	}
	while ((entry = readdir(directory)) != NULL) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		struct process process;

		if (pid <= 0 || pid == getpid() || !may_be_meant(entry->d_name, operands) ||
		    !process_open(pid, &process))
			continue;
		if (is_terminal)
			show_progress(pid, started);
		if (*operands == NULL || is_meant(&process, operands, met))
			visit_process(walk, &process, *operands != NULL, visit, context);
		process_close(&process);
	}
	closedir(directory);
	if (is_terminal)
		show_progress(0, started);
}

/* Sockets that are listed, and of which no process was found: someone else's, or the kernel's. */
static void
visit_rest(struct walk *walk, walk_visit *visit, void *context)
{
	int self = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct netns *netns;
	struct verdict unknown = { .wanted = settings_unset() };

	if (self == -1)
		return;
	netns = netns_of(&walk->netns_met, self);
	netns_refresh(netns, self);
	for (size_t i = 0; i < netns->count; i++) {
		struct outside_socket socket = socket_listed(&netns->listed[i]);

		if (netns->listed[i].seen)
			continue;
		visit(NULL, &socket, &unknown, context);
		walk->listed_alone++;
	}
	close(self);
}

bool
walk_sockets(struct walk *walk, char *const *operands, walk_visit *visit, void *context)
{
	size_t count = 0;
	bool *met;
	bool good = true;

	while (operands[count] != NULL)
		count++;
	met = allocate_or_exit(NULL, count + 1);
	memset(met, 0, count + 1);
	visit_processes(walk, operands, met, visit, context);
	if (count == 0)
		visit_rest(walk, visit, context);
	for (size_t i = 0; i < count; i++) {
		if (met[i])
			continue;
		good = false;
		fprintf(stderr, "kashim: %s: %s\n", operands[i],
		    is_pid(operands[i]) ? "no such process" : "no process runs this program");
	}
	free(met);
	return good;
}

bool
walk_report(const struct walk *walk)
{
	/* At the end, also where both streams go to one place. */
	fflush(stdout);
	if (walk->listed_alone != 0 && walk->any_refused)
		fputs("kashim: ? is a socket of a process that may not be looked at, or of the "
		      "kernel: run it as root to see more\n",
		    stderr);
	else if (walk->listed_alone != 0)
		fputs("kashim: ? is a socket that no visible process holds: the kernel's own, or "
		      "of another container\n",
		    stderr);
	if (walk->refused == 0)
		return walk->listed_alone != 0 && walk->any_refused;
	fprintf(stderr,
	    "kashim: %u process%s could not be looked at: %s; that needs root, or CAP_SYS_PTRACE, "
	    "see kashim(1)\n",
	    walk->refused, walk->refused == 1 ? "" : "es", strerror(walk->why));
	return true;
}

void
walk_free(struct walk *walk)
{
	policies_free(&walk->policies);
	netns_free(walk->netns_met);
}
