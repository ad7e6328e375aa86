/* SPDX-License-Identifier: MIT */
#include "outside-visit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "allocate.h"
#include "apply.h"
#include "bounded.h"
#include "outside-launcher.h"

/* Milliseconds for a thousand sockets. */
enum { THOUSAND_MS = 500 };

enum { NOTE_LONGEST = 3 * PATH_LONGEST };

/* An owner of sockets, as long as the child lives. */
struct owner {
	uint32_t holder;
	struct process process;
	struct ruling ruling;
	char cleared[LAUNCHER_LONGEST];
};

/* In the child. */
struct look {
	const struct visit *visit;
	int out;
	struct process process; /* the holder */
	struct owner **owner;
	size_t owners;
};

static uint32_t
find_changed(const struct settings *before, const struct settings *after)
{
	uint32_t changed = 0;

	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		if (before->value[option] != after->value[option])
			changed |= UINT32_C(1) << option;
	return changed;
}

static struct owner *
make_owner(struct look *look, uint32_t holder)
{
	struct owner *owner = allocate_or_exit(NULL, sizeof(*owner));

	*owner = (struct owner){ .holder = holder };
	/* Where it is gone, or may not be looked at, the holder is all there is. */
	if (holder == UINT32_MAX ||
	    !process_open(&look->visit->holders->holder[holder], &owner->process)) {
		owner->process = look->process;
	} else if (owner->process.refused != 0) {
		process_close(&owner->process);
		owner->process = look->process;
	}
	ruling_make(&owner->ruling, look->visit->policies, &owner->process);
	launcher_find(owner->cleared, &owner->process);
	look->owner = grow_or_exit(look->owner, look->owners, sizeof(struct owner *));
	look->owner[look->owners++] = owner;
	return owner;
}

static struct owner *
find_owner(struct look *look, uint64_t inode)
{
	const struct holding *holding = holders_owner(look->visit->holders, inode);
	uint32_t holder = holding == NULL ? UINT32_MAX : holding->holder;

	if (holder != UINT32_MAX && &look->visit->holders->holder[holder] == look->visit->holder)
		holder = UINT32_MAX;
	for (size_t i = 0; i < look->owners; i++)
		if (look->owner[i]->holder == holder)
			return look->owner[i];
	return make_owner(look, holder);
}

static void
change_socket(struct finding *finding, const struct outside_socket *socket)
{
	const struct verdict *verdict = &finding->verdict;

	if (verdict->standing != STANDING_PROTECTED && verdict->standing != STANDING_UNPROTECTED)
		return;
	apply_adopt(socket->copy, &verdict->wanted, socket->defaults, socket->listens, setsockopt);
	if (socket->listens || socket->remote.known)
		apply_adopt_connection(socket->copy, &verdict->wanted, setsockopt);
	finding->after = apply_read(socket->copy);
	finding->changed = find_changed(&socket->have, &finding->after);
	finding->refused = verdict->lacking & ~finding->changed;
}

static void
look_at_socket(struct look *look, const struct held *held)
{
	/* What may take time comes first: nothing is held meanwhile. */
	const struct owner *owner = find_owner(look, held->inode);
	struct finding finding = { .kind = FINDING_SOCKET, .pid = look->process.pid };
	struct outside_socket socket;
	char room[NOTE_LONGEST];
	struct text note = text_in(room, sizeof(room));

	finding.why = socket_open(&socket, &look->process, look->visit->met, held);
	if (finding.why == EBADF)
		return;
	finding.is_read = socket.copy != -1;
	finding.verdict = verdict_of(&owner->ruling, &socket);
	finding.after = socket.have;
	if (look->visit->changes && finding.is_read)
		change_socket(&finding, &socket);
	socket_close(&socket);
	verdict_put_note(&note, &finding.verdict, &owner->ruling, &owner->process, owner->cleared);
	finding.socket = socket;
	finding.program = look->process.name;
	finding.knows_shim = true;
	finding.has_shim = look->process.has_shim;
	finding.note = room;
	finding_send(look->out, finding);
}

/* Whether some operand means the process; and which ones. */
static bool
is_meant(const struct look *look)
{
	char *const *operands = look->visit->operands;
	const struct finding meant = { .kind = FINDING_MEANT };
	bool any = *operands == NULL;
	size_t count = 0;
	char *marks;

	while (operands[count] != NULL)
		count++;
	marks = allocate_or_exit(NULL, count + 1);
	for (size_t i = 0; i < count; i++)
		any |= (marks[i] = process_is(&look->process, operands[i]) ? 1 : 0) != 0;
	if (count != 0 && any)
		bounded_send(look->out, &meant, sizeof(meant), marks, count);
	free(marks);
	return any;
}

static void
send_process(const struct look *look, const char *note, int why)
{
	finding_send(
	    look->out, finding_of_process(look->process.pid, look->process.name, note, why));
}

static void
look_at_holder(int out, void *context)
{
	struct look look = { .visit = context, .out = out };

	if (!process_open(look.visit->holder, &look.process) || !is_meant(&look))
		return;
	if (look.process.refused != 0) {
		send_process(&look,
		    look.process.refused == EFBIG ? "its arguments are too large" : "",
		    look.process.refused);
		return;
	}
	if (look.process.pidfd == -1 && look.visit->holder->tid != look.visit->holder->pid) {
		send_process(&look, "a thread with descriptors of its own: needs Linux 6.9", 0);
		return;
	}
	for (size_t i = 0; i < look.visit->count; i++)
		look_at_socket(&look, &look.visit->held[i]);
}

static int
by_fd(const void *a, const void *b)
{
	return ((const struct held *)a)->fd - ((const struct held *)b)->fd;
}

void
visit_choose(struct visit *visit)
{
	const struct holder *holder = visit->holder;

	visit->held = allocate_or_exit(NULL, (holder->count + 1) * sizeof(*visit->held));
	visit->count = 0;
	for (size_t i = 0; i < holder->count; i++) {
		const struct holding *owner = holders_owner(visit->holders, holder->held[i].inode);

		if (owner != NULL && owner->visited)
			continue;
		if (owner != NULL && *visit->operands == NULL &&
		    &visit->holders->holder[owner->holder] != holder)
			continue;
		visit->held[visit->count++] = holder->held[i];
	}
	qsort(visit->held, visit->count, sizeof(*visit->held), by_fd);
}

/* In the parent. */
struct delivery {
	const struct visit *visit;
	visit_found *found;
	void *context;
};

static void
deliver(const void *message, size_t size, void *context)
{
	const struct delivery *delivery = context;
	const char *marks = (const char *)message + sizeof(struct finding);
	struct finding finding;

	if (!finding_receive(message, size, &finding))
		return;
	if (finding.kind != FINDING_MEANT) {
		delivery->found(&finding, delivery->context);
		return;
	}
	for (size_t i = 0; i < size - sizeof(finding); i++)
		delivery->visit->met_operands[i] |= marks[i] != 0;
}

bool
visit_holder(
    const struct visit *visit, struct patience *patience, visit_found *found, void *context)
{
	uint32_t user = visit->holder->user;
	struct delivery delivery = { visit, found, context };
	/* The child's copy of it is the child's own. */
	struct visit copy = *visit;
	const struct bounded bounded = {
		.work = look_at_holder,
		.work_context = &copy,
		.receive = deliver,
		.receive_context = &delivery,
		.patience =
		    patience_of(patience, user) + (int64_t)(visit->count * THOUSAND_MS / 1000),
	};

	if (bounded_run(&bounded))
		return true;
	patience_lose(patience, user);
	return false;
}
