/* SPDX-License-Identifier: MIT */
#include "record.h"

#include <stddef.h>

#include "file.h"
#include "memory.h"

/* The parts of a state: options that the program has set, as bits 1 << option, and the rule. */
enum { DECIDED = 0x8000, ASKED = DECIDED - 1, RULE_SHIFT = 16 };
_Static_assert(OPTION_COUNT <= 15, "every option has a bit in a state");
_Static_assert(POLICY_RULES_MOST <= UINT16_MAX, "a state has room for the number of a rule");

/* Pages that are not touched cost nothing, and values are only there for what programs set. */
enum { RECORDS = 65536 };
static struct room {
	struct record record[RECORDS];
	_Atomic int32_t value[RECORDS][OPTION_COUNT];
} * room;

void
record_begin(void)
{
	room = memory_map(sizeof(*room));
}

static struct record *
place_of(uint32_t inode)
{
	return &room->record[inode % RECORDS];
}

/* The inode's number, or 0 where it cannot be found out. */
static uint32_t
find_inode(int fd)
{
	return room == NULL ? 0 : (uint32_t)file_socket(fd);
}

struct record *
record_of(int fd)
{
	uint32_t inode = find_inode(fd);

	return inode != 0 && atomic_load(&place_of(inode)->inode) == inode ? place_of(inode) : NULL;
}

struct record *
record_new(int fd)
{
	uint32_t inode = find_inode(fd);
	struct record *record;

	if (inode == 0)
		return NULL;
	record = place_of(inode);
	atomic_store(&record->inode, 0);
	atomic_store(&record->state, 0);
	atomic_store(&record->inode, inode);
	return record;
}

unsigned
record_rule(const struct record *record)
{
	return atomic_load(&record->state) >> RULE_SHIFT;
}

bool
record_is_decided(const struct record *record)
{
	return (atomic_load(&record->state) & DECIDED) != 0;
}

void
record_decide(struct record *record, unsigned rule, bool is_decided)
{
	uint32_t state = atomic_load(&record->state), next;

	do
		next = (state & ASKED) | (is_decided ? DECIDED : 0U) | rule << RULE_SHIFT;
	while (!atomic_compare_exchange_weak(&record->state, &state, next));
}

void
record_ask(struct record *record, enum option_id option, int32_t value)
{
	atomic_store(&room->value[record - room->record][option], value);
	atomic_fetch_or(&record->state, UINT32_C(1) << option);
}

struct settings
record_asked(const struct record *record)
{
	uint32_t asked = atomic_load(&record->state);
	struct settings settings = settings_unset();

	for (enum option_id option = 0; option < OPTION_COUNT; option++)
		if ((asked & UINT32_C(1) << option) != 0)
			settings.value[option] =
			    atomic_load(&room->value[record - room->record][option]);
	return settings;
}
