/* SPDX-License-Identifier: MIT */
#include "descriptors.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "kernel.h"
#include "memory.h"

/*
 * A table of descriptors has 64 places, or 128, 256 and so on, up to the most that fs.nr_open can
 * allow.
 */
enum { FEWEST = 64, MOST = 1 << 30, BITS_PER_BYTE = 8 };

/*
 * Whether the kernel's table of this process ends at or before `fd`. select(2) looks at no
 * descriptor beyond the table, and so says that none is ready, but leaves its bit; it fails with
 * EBADF for one that is in the table but closed: fs/select.c, core_sys_select(). Where neither is
 * so, it is open, or another kernel does it in another way, or a seccomp filter has refused the
 * call with any other error. `bits` has room for this descriptor, all zero.
 */
static bool
is_beyond(int fd, unsigned char *bits)
{
	struct kernel_time at_once = { 0 };
	unsigned char *byte = &bits[fd / BITS_PER_BYTE];
	bool is_left;
	int ready;

	*byte = 1;
	ready = (int)syscall(SYS_pselect6, fd + 1, bits, NULL, NULL, &at_once, NULL);
	is_left = *byte != 0;
	*byte = 0;
	if (ready == -1 && errno == EBADF)
		return false;
	return (ready == 0 && is_left) || kernel_fcntl(fd, F_GETFD, 0) == -1;
}

static int
search_end(unsigned char *bits, int first, int most)
{
	int end = first;

	while (end < most && !is_beyond(end, bits))
		end *= 2;
	return end;
}

int
descriptors_end(void)
{
	/* Aligned as fd_set is, with room for the first few sizes. */
	enum { NEAR = 2048 };
	uint64_t few[NEAR / 64 + 1] = { 0 };
	int end = search_end((unsigned char *)few, FEWEST, NEAR);
	size_t room = MOST / BITS_PER_BYTE + FEWEST;
	void *many;

	if (end < NEAR)
		return end;
	many = memory_map(room);
	if (many == NULL)
		return end;
	end = search_end(many, NEAR, MOST);
	memory_unmap(many, room);
	return end;
}

struct descriptors
descriptors_look(int first)
{
	struct pollfd ask[DESCRIPTORS_AT_ONCE];
	struct descriptors found = { 0 };

	for (int i = 0; i < DESCRIPTORS_AT_ONCE; i++)
		ask[i] = (struct pollfd){ .fd = first + i, .events = POLLOUT };
	/* More than RLIMIT_NOFILE at once is refused: then each of them has to be tried. */
	if (kernel_poll(ask, DESCRIPTORS_AT_ONCE, 0) == -1)
		return (struct descriptors){ .open = UINT64_MAX };
	for (int i = 0; i < DESCRIPTORS_AT_ONCE; i++) {
		if ((ask[i].revents & POLLNVAL) == 0)
			found.open |= UINT64_C(1) << i;
		if ((ask[i].revents & POLLOUT) != 0)
			found.writable |= UINT64_C(1) << i;
	}
	return found;
}
