/* SPDX-License-Identifier: MIT */
#ifndef KASHIM_BOUNDED_H
#define KASHIM_BOUNDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Work that may never end, in a child that is killed when it takes too long. The kernel waits for
 * others in many places: a page of a process's memory can lie in a file system that does not
 * answer, and so can a file that it names; a socket can be locked by a thread that waits for such a
 * page. The child tells what it found in messages of at most BOUNDED_LARGEST bytes.
 */
enum { BOUNDED_LARGEST = 64 * 1024 };

/* Runs in the child; `out` is for bounded_send(). */
typedef void bounded_work(int out, void *context);

/* Gets a message, aligned for any type, which is gone when this returns. Runs in the parent. */
typedef void bounded_receive(const void *message, size_t size, void *context);

struct bounded {
	bounded_work *work;
	void *work_context;
	bounded_receive *receive;
	void *receive_context;
	int64_t patience; /* milliseconds that the child may keep us waiting, in all */
};

/*
 * Run it. Returns false where it took too long and was killed, broke off, or there was no child to
 * be had.
 */
bool bounded_run(const struct bounded *bounded);

/* In the child: one message of two parts. Ends the child where nobody listens any more. */
void bounded_send(int out, const void *head, size_t head_size, const void *rest, size_t rest_size);

#endif
