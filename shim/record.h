/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_RECORD_H
#define KASHIM_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "inline.h"
#include "policy.h"

/*
 * What is known of a socket, where rules wait for connections: which of them decided, and what the
 * program has set itself. It is found by the number of the socket's inode, which every descriptor
 * of the socket has and no other socket while it exists: fstat(2), net/socket.c, sock_alloc(). So
 * neither dup(2) nor a number that comes back can mislead. Records are never removed; a newer socket
 * takes the place of one that lies 65,536 inodes behind.
 */
struct record {
	_Atomic uint32_t inode; /* 0: none */
	_Atomic uint32_t state; /* of record.c */
};

/* Make room for records. Where there is none, no socket is known. */
void record_begin(void);

/*
 * The record of this socket, or NULL: it is no socket, has none, or fstat(2) is refused. Changes errno.
 */
struct record *record_of(int fd);

/* A new record for this socket, in the place of an older one; NULL as above. Changes errno. */
struct record *record_new(int fd);

/* The connection rule that the socket is under, from 1; 0 for what the other rules say. */
unsigned record_rule(const struct record *record);

/* Whether its connection is known, and so the rules that look at it have spoken. */
bool record_is_decided(const struct record *record);

void record_decide(struct record *record, unsigned rule, bool is_decided);

/* The program has set this option itself. */
void record_ask(struct record *record, enum option_id option, int32_t value);

/* All that it has set itself, VALUE_UNSET for the rest. */
struct settings record_asked(const struct record *record);

#endif
