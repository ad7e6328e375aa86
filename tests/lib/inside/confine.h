/* SPDX-License-Identifier: MIT */
/* A seccomp filter as two words say it, for a process to put on itself. */
#ifndef KASHIM_TESTS_CONFINE_H
#define KASHIM_TESTS_CONFINE_H

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <sys/prctl.h>

enum { FILTER_LONGEST = 2048, ERRORS = 200 };

/* What becomes of a refused call: "kill", or the name of the error that it gets. */
static unsigned
confine_verdict(const char *word)
{
	int error = 1;

	if (strcmp(word, "kill") == 0)
		return SECCOMP_RET_KILL_PROCESS;
	/* Some numbers in between have no name. */
	while (error < ERRORS &&
	       (strerrorname_np(error) == NULL || strcmp(strerrorname_np(error), word) != 0))
		error++;
	return SECCOMP_RET_ERRNO | (unsigned)error;
}

/*
 * From now on system calls get `word` as their answer: those with the numbers in `list`, which has
 * commas between them, or all but those when it starts with a "!".
 */
static int
confine(const char *word, const char *list)
{
	struct sock_filter filter[FILTER_LONGEST];
	const unsigned refuse = confine_verdict(word);
	const int is_inverted = *list == '!';
	unsigned short size = 0;
	struct sock_fprog program = { .filter = filter };

	filter[size++] = (struct sock_filter)BPF_STMT(
	    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (list += is_inverted; *list != '\0' && size < FILTER_LONGEST - 3;) {
		char *end;
		unsigned number = (unsigned)strtoul(list, &end, 10);

		filter[size++] =
		    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
		filter[size++] = (struct sock_filter)BPF_STMT(
		    BPF_RET | BPF_K, is_inverted ? SECCOMP_RET_ALLOW : refuse);
		list = *end == '\0' ? end : end + 1;
	}
	filter[size++] =
	    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, is_inverted ? refuse : SECCOMP_RET_ALLOW);
	program.len = size;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

#endif
