/* SPDX-License-Identifier: MIT */
/*
 * without FEATURE... -- COMMAND [ARGUMENT...]: becomes a command to which the kernel refuses these
 * features, as it would on a machine that has them not; all that it starts goes without them, too.
 * It shows that a test that needs one is skipped, and that all others pass. Without an argument it
 * names the features.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define ANY 0, 0, 0
enum {
	MPTCP = 262,
	NETFILTER = 12,
	LANDLOCK_CREATE_RULESET = 444,
	PIDFD_OPEN = 434,
	CLOSE_RANGE = 436,
	PIDFD_GETFD = 438,
	ROOT = 0,
	KEEP = ~0U,
	LONGEST = 256
};

/*
 * A call is refused with `error` where its argument number `at`, under `mask`, has this value; or
 * allowed, where that is 0. The first that fits decides.
 */
static const struct refusal {
	const char *feature;
	int number, error;
	unsigned at, mask, value;
} refusals[] = {
	{ "ipv6", SYS_socket, EAFNOSUPPORT, 0, ~0U, AF_INET6 },
	{ "mptcp", SYS_socket, EPROTONOSUPPORT, 2, ~0U, MPTCP },
	{ "nftables", SYS_socket, EPROTONOSUPPORT, 2, ~0U, NETFILTER },
	{ "user-namespaces", SYS_unshare, EPERM, 0, CLONE_NEWUSER, CLONE_NEWUSER },
	{ "user-namespaces", SYS_clone, EPERM, 0, CLONE_NEWUSER, CLONE_NEWUSER },
	{ "user-namespaces", SYS_clone3, ENOSYS, ANY },
	{ "network-namespaces", SYS_unshare, EPERM, 0, CLONE_NEWNET, CLONE_NEWNET },
	{ "network-namespaces", SYS_clone, EPERM, 0, CLONE_NEWNET, CLONE_NEWNET },
	{ "network-namespaces", SYS_clone3, ENOSYS, ANY },
	{ "mount-namespaces", SYS_unshare, EPERM, 0, CLONE_NEWNS, CLONE_NEWNS },
	{ "mount-namespaces", SYS_clone, EPERM, 0, CLONE_NEWNS, CLONE_NEWNS },
	{ "mount-namespaces", SYS_clone3, ENOSYS, ANY },
	{ "process-namespaces", SYS_unshare, EPERM, 0, CLONE_NEWPID, CLONE_NEWPID },
	{ "process-namespaces", SYS_clone, EPERM, 0, CLONE_NEWPID, CLONE_NEWPID },
	{ "process-namespaces", SYS_clone3, ENOSYS, ANY },
	{ "mounts", SYS_mount, EPERM, ANY },
	{ "mounts", SYS_fsopen, ENOSYS, ANY },
	{ "mounts", SYS_open_tree, ENOSYS, ANY },
	{ "chroot", SYS_chroot, EPERM, ANY },
	{ "ptrace", SYS_ptrace, EPERM, ANY },
	{ "perf", SYS_perf_event_open, EACCES, ANY },
	{ "seccomp", SYS_seccomp, EINVAL, ANY },
	{ "seccomp", SYS_prctl, EINVAL, 0, ~0U, PR_SET_SECCOMP },
	{ "io_uring", SYS_io_uring_setup, ENOSYS, ANY },
	{ "landlock", LANDLOCK_CREATE_RULESET, ENOSYS, ANY },
	{ "pidfd_getfd", PIDFD_GETFD, EPERM, ANY },
	{ "linux-5.6", PIDFD_GETFD, ENOSYS, ANY },
	{ "linux-5.6", PIDFD_OPEN, ENOSYS, ANY },
	{ "linux-5.9", CLOSE_RANGE, ENOSYS, ANY },
	{ "other-users", SYS_setuid, 0, 0, ~0U, ROOT },
	{ "other-users", SYS_setuid, EPERM, ANY },
	{ "other-users", SYS_setreuid, 0, 0, ~0U, ROOT },
	{ "other-users", SYS_setreuid, EPERM, ANY },
	{ "other-users", SYS_setresuid, 0, 0, ~0U, ROOT },
	{ "other-users", SYS_setresuid, 0, 0, ~0U, KEEP }, /* posix_spawn(3), to its own */
	{ "other-users", SYS_setresuid, EPERM, ANY },
};

enum { REFUSALS = sizeof(refusals) / sizeof(*refusals) };

static struct sock_filter filter[LONGEST];
static unsigned short size;

static void
append(unsigned short code, unsigned k, unsigned char jt, unsigned char jf)
{
	filter[size++] = (struct sock_filter){ code, jt, jf, k };
}

/* Low words of arguments come first where bytes do. */
static unsigned
offset_of_argument(unsigned at)
{
	const size_t low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;

	return (unsigned)(offsetof(struct seccomp_data, args) + at * sizeof(__u64) + low);
}

static void
refuse(const struct refusal *refusal)
{
	append(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	append(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)refusal->number, 0, 4);
	append(BPF_LD | BPF_W | BPF_ABS, offset_of_argument(refusal->at), 0, 0);
	append(BPF_ALU | BPF_AND | BPF_K, refusal->mask, 0, 0);
	append(BPF_JMP | BPF_JEQ | BPF_K, refusal->value, 0, 1);
	append(BPF_RET | BPF_K,
	    refusal->error == 0 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | (unsigned)refusal->error,
	    0, 0);
}

static int
refuse_feature(const char *feature)
{
	const unsigned short before = size;

	for (int i = 0; i < REFUSALS; i++)
		if (strcmp(refusals[i].feature, feature) == 0)
			refuse(&refusals[i]);
	return size > before ? 0 : -1;
}

/* Who may have no filter otherwise gains no privilege by execve(2) any more. */
static int
put_on(void)
{
	const struct sock_fprog program = { .len = size, .filter = filter };

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static void
name_features(void)
{
	for (int i = 0; i < REFUSALS; i++)
		if (i == 0 || strcmp(refusals[i - 1].feature, refusals[i].feature) != 0)
			puts(refusals[i].feature);
}

int
main(int argc, char **argv)
{
	int i = 1;

	if (argc == 1) {
		name_features();
		return 0;
	}
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (refuse_feature(argv[i]) == -1) {
			fprintf(stderr, "without: %s: no such feature\n", argv[i]);
			return 2;
		}
	}
	if (i + 1 >= argc) {
		fputs("usage: without FEATURE... -- COMMAND [ARGUMENT...]\n", stderr);
		return 2;
	}
	append(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	if (put_on() == -1) {
		perror("without: seccomp");
		return 125;
	}
	execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 127;
}
