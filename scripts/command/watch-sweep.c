/* SPDX-License-Identifier: MIT */
#include "watch-sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "allocate.h"
#include "clock.h"
#include "outside-visit.h"
#include "watch-diag.h"

/* A socket that is to be looked at. */
struct fresh {
	uint64_t inode, cookie;
	enum known_state state;
};

/* One sweep. */
struct round {
	struct sweep *sweep;
	struct netns *met, *here;
	struct fresh *fresh;
	size_t count;
	struct holders holders;
	struct patience patience;
	sweep_tell *tell;
	struct sweep_news news;
	char program[NAME_MAX + 1];
	bool any_listed;
};

static void
add_fresh(struct round *round, const struct diag *socket)
{
	round->fresh = grow_or_exit(round->fresh, round->count, sizeof(*round->fresh));
	round->fresh[round->count++] = (struct fresh){ socket->inode, socket->cookie, KNOWN_NOT };
}

/* A socket that no process has yet stays new. */
static void
meet_socket(const struct diag *socket, void *context)
{
	struct round *round = context;
	struct sweep *sweep = round->sweep;
	const struct known_socket *before = known_find(&sweep->known, socket->cookie);
	struct known_socket *now;

	if (socket->state == TCP_LISTEN)
		netns_add_listener(round->here, &socket->local);
	if (socket->inode == 0 || known_find(&sweep->next, socket->cookie) != NULL)
		return;
	now = known_add(&sweep->next, socket->cookie);
	if (before != NULL)
		*now = *before;
	now->tcp = (uint8_t)socket->state;
	now->timer = (uint8_t)socket->timer;
	now->again -= now->again != 0;
	if (known_is_due(now))
		add_fresh(round, socket);
}

static void
list_netns(struct round *round, int directory)
{
	int netlink;

	round->here = netns_add(&round->met, directory);
	netlink = diag_open(directory);
	if (netlink == -1)
		return;
	round->any_listed |= diag_list(netlink, meet_socket, round);
	close(netlink);
	metrics_add_kernel(&round->sweep->metrics, directory, round->here->inode);
}

/* Each network namespace by the first process that is met in it. */
static void
list_all(struct round *round)
{
	DIR *listing = opendir("/proc");
	const struct dirent *entry;

	while (listing != NULL && (entry = readdir(listing)) != NULL) {
		const struct netns *netns = round->met;
		char path[NAME_MAX + 8];
		struct stat stat;
		int directory;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "%s/ns/net", entry->d_name);
		if (fstatat(dirfd(listing), path, &stat, 0) == -1)
			continue;
		while (netns != NULL && netns->inode != stat.st_ino)
			netns = netns->next;
		if (netns != NULL)
			continue;
		directory =
		    openat(dirfd(listing), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (directory == -1)
			continue;
		list_netns(round, directory);
		close(directory);
	}
	if (listing != NULL)
		closedir(listing);
}

static int
by_inode(const void *a, const void *b)
{
	const struct fresh *first = a;
	const struct fresh *second = b;

	return first->inode < second->inode ? -1 : first->inode > second->inode;
}

/* The first of those with this inode, for the subflows of an MPTCP socket share it; or NULL. */
static struct fresh *
find_fresh(const struct round *round, uint64_t inode)
{
	const struct fresh key = { .inode = inode };
	struct fresh *found = bsearch(&key, round->fresh, round->count, sizeof(key), by_inode);

	while (found != NULL && found > round->fresh && found[-1].inode == inode)
		found--;
	return found;
}

static bool
is_fresh(uint64_t inode, const void *context)
{
	return find_fresh(context, inode) != NULL;
}

static void
take_finding(const struct finding *finding, void *context)
{
	struct round *round = context;
	struct fresh *fresh = find_fresh(round, finding->socket.inode);
	const struct fresh *end = round->fresh + round->count;
	struct text program = text_in(round->program, sizeof(round->program));

	if (finding->program != NULL)
		text_put(&program, finding->program);
	if (finding->kind == FINDING_PROCESS || finding->why != 0)
		round->news.wrong =
		    *finding->note == '\0' ? "it may not be looked at" : "it cannot be judged";
	if (finding->refused != 0)
		round->news.wrong = "the kernel refused some options";
	round->news.changed += finding->changed != 0;
	for (; finding->kind == FINDING_SOCKET && fresh != NULL && fresh < end &&
	       fresh->inode == finding->socket.inode;
	     fresh++)
		fresh->state = known_after(finding);
}

static void
visit(struct round *round, const struct holder *holder)
{
	static char *const everyone[] = { NULL };
	struct visit visit = {
		.policies = &round->sweep->policies,
		.met = round->met,
		.holders = &round->holders,
		.holder = holder,
		.operands = everyone,
		.changes = true,
	};
	struct text program = text_in(round->program, sizeof(round->program));

	text_put(&program, holder->command);
	round->news = (struct sweep_news){ .pid = holder->pid, .program = round->program };
	visit_choose(&visit);
	if (visit.count != 0 && !visit_holder(&visit, &round->patience, take_finding, round))
		round->news.wrong = "it does not answer in time";
	free(visit.held);
	round->sweep->metrics.changed += round->news.changed;
	round->sweep->metrics.unreadable += round->news.wrong != NULL;
	if (round->news.changed != 0 || round->news.wrong != NULL)
		round->tell(&round->news);
}

static void
look_at_fresh(struct round *round)
{
	qsort(round->fresh, round->count, sizeof(*round->fresh), by_inode);
	round->holders = holders_find(is_fresh, round);
	for (size_t i = 0; i < round->holders.count; i++)
		if (round->holders.holder[i].refused == 0)
			visit(round, &round->holders.holder[i]);
		else
			round->sweep->metrics.unreadable++;
	holders_free(&round->holders);
}

/* What was found is what the next sweep knows. */
static void
remember(const struct round *round)
{
	for (size_t i = 0; i < round->count; i++) {
		const struct fresh *fresh = &round->fresh[i];
		struct known_socket *known = known_find(&round->sweep->next, fresh->cookie);

		if (known != NULL)
			known_settle(known, fresh->state == KNOWN_NOT ? KNOWN_NEVER : fresh->state);
	}
}

static double
seconds_of(clockid_t clock)
{
	return (double)clock_ns(clock) / 1e9;
}

/* Our own, and that of the children that have ended. */
static double
processor_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return seconds_of(CLOCK_PROCESS_CPUTIME_ID) +
	       (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

bool
sweep_once(struct sweep *sweep, sweep_tell *tell)
{
	struct round round = { .sweep = sweep, .tell = tell };
	struct metrics *metrics = &sweep->metrics;
	double started = seconds_of(CLOCK_MONOTONIC), spent = processor_seconds();
	struct known before = sweep->known;

	metrics_free(metrics);
	*metrics = (struct metrics){ .watches = true,
		.policy_good = sweep->policies.good,
		.changed = metrics->changed,
		.sweeps = metrics->sweeps + 1 };
	list_all(&round);
	if (round.count != 0)
		look_at_fresh(&round);
	remember(&round);
	known_count(&sweep->next, metrics);
	sweep->known = sweep->next;
	sweep->next = before;
	known_clear(&sweep->next);
	netns_free(round.met);
	patience_free(&round.patience);
	free(round.fresh);
	metrics->seconds = seconds_of(CLOCK_MONOTONIC) - started;
	metrics->processor_seconds = processor_seconds() - spent;
	metrics->finished = time(NULL);
	return round.any_listed;
}

void
sweep_forget(struct sweep *sweep)
{
	known_clear(&sweep->known);
}

void
sweep_free(struct sweep *sweep)
{
	policies_free(&sweep->policies);
	known_free(&sweep->known);
	known_free(&sweep->next);
	metrics_free(&sweep->metrics);
}
