/* SPDX-License-Identifier: MIT */
#include "outside-rights.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "allocate.h"
#include "outside-file.h"

enum { GROUPS_MOST = 65536 };

bool
rights_read(struct rights *rights, const struct process *process)
{
	char *status = file_read_status(process->directory);
	char *at = status == NULL ? NULL : strstr(status, "\nGroups:");
	uint32_t users[FILE_IDS], groups[FILE_IDS];

	if (at == NULL || !file_find_ids(status, "\nUid:", users) ||
	    !file_find_ids(status, "\nGid:", groups)) {
		free(status);
		return false;
	}
	*rights = (struct rights){ .user = users[FILE_ID_FILES], .group = groups[FILE_ID_FILES] };
	at += strlen("\nGroups:");
	at[strcspn(at, "\n")] = '\0';
	rights->groups = allocate_or_exit(NULL, GROUPS_MOST * sizeof(*rights->groups));
	for (char *end; rights->count < GROUPS_MOST; at = end) {
		gid_t group = (gid_t)strtoul(at, &end, 10);

		if (end == at)
			break;
		rights->groups[rights->count++] = group;
	}
	free(status);
	return true;
}

static bool
is_there(int root, const char *path, const char *suffix)
{
	char *whole = format_or_exit("%s%s", path + strspn(path, "/"), suffix);
	struct stat file;
	bool is;

	is = fstatat(root, whole, &file, AT_SYMLINK_NOFOLLOW) == 0;
	free(whole);
	return is;
}

/* The root of the mount namespace that the process is in. */
static bool
enter_namespace(const struct process *process)
{
	int mounts = openat(process->directory, "ns/mnt", O_RDONLY | O_CLOEXEC);
	struct stat ours, theirs;
	bool entered = false;

	if (mounts != -1 && fstat(mounts, &theirs) == 0 && stat("/proc/self/ns/mnt", &ours) == 0)
		entered = (ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino) ||
			  setns(mounts, CLONE_NEWNS) == 0;
	if (mounts != -1)
		close(mounts);
	return entered;
}

/*
 * Its root directory, where its configuration is there. Many daemons enter another one when they have
 * started, and what they read before lies below the root of their mount namespace.
 */
static bool
take_root(const struct process *process, int root, const char *conf)
{
	if (*conf == '/' && !is_there(root, conf, "") && !is_there(root, conf, ".d"))
		return enter_namespace(process);
	return fchdir(root) == 0 && chroot(".") == 0;
}

/* Its root directory and the one it works in: both before the rights to enter them are gone. */
static bool
take_place(const struct process *process, const char *conf)
{
	int root = openat(process->directory, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int here = openat(process->directory, "cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* An ordinary user may not, and needs it only for a process of another root. */
	bool taken = root != -1 && (take_root(process, root, conf) || !process->is_elsewhere);

	if (taken && here != -1)
		taken = fchdir(here) == 0;
	if (root != -1)
		close(root);
	if (here != -1)
		close(here);
	return taken;
}

static bool
take_rights(const struct rights *rights)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	if (geteuid() == 0) {
		if (setgroups(rights->count, rights->groups) == -1 ||
		    setresgid(rights->group, rights->group, rights->group) == -1 ||
		    setresuid(rights->user, rights->user, rights->user) == -1)
			return false;
	} else if (geteuid() != rights->user) {
		return false;
	}
	return syscall(SYS_capset, &header, none) == 0 &&
	       prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

bool
rights_take(const struct rights *rights, const struct process *process, const char *conf)
{
	return take_place(process, conf) && take_rights(rights);
}
