/* SPDX-License-Identifier: MIT */
#include "outside-foreign.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "allocate.h"
#include "compiled.h"
#include "configuration.h"
#include "outside-rights.h"

/* What a foreign policy may have: bytes when it is compiled, and of memory while it is read. */
enum { IMAGE_MOST = 1 << 20, MEMORY_MOST = 96 << 20 };

static void
limit(int resource, rlim_t most)
{
	const struct rlimit limits = { most, most };

	setrlimit(resource, &limits);
}

/* Nothing is said, nothing is written, nobody is left behind. */
static void
take_limits(void)
{
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (nowhere != -1) {
		dup2(nowhere, STDOUT_FILENO);
		dup2(nowhere, STDERR_FILENO);
	}
	limit(RLIMIT_DATA, MEMORY_MOST);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CPU, 2);
}

static _Noreturn void
run_reader(int out, const struct process *process, const char *conf, const struct rights *rights)
{
	struct configuration configuration;
	struct policy policy;
	FILE *stream = fdopen(out, "w");
	size_t size;
	void *image;

	take_limits();
	document_reopen_by(open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC));
	if (!rights_take(rights, process, conf))
		_exit(FOREIGN_REFUSED);
	/* The change of the user has taken it back. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!configuration_read("", conf, &configuration))
		_exit(FOREIGN_WRONG);
	if (!configuration.exists && strcmp(conf, PATH_CONF_DEFAULT) != 0)
		_exit(FOREIGN_WRONG);
	policy = build_policy(&configuration.build);
	size = compiled_size(&policy);
	if (size > IMAGE_MOST)
		_exit(FOREIGN_TOO_LARGE);
	image = allocate_or_exit(NULL, size);
	compiled_write(&policy, image);
	if (stream == NULL || fwrite(image, size, 1, stream) != 1 || fflush(stream) != 0)
		_exit(FOREIGN_REFUSED);
	_exit(FOREIGN_READ);
}

/* What the reader wrote, IMAGE_MOST bytes at most. */
static size_t
receive(int in, char *image)
{
	size_t size = 0;
	ssize_t part;

	while (size < IMAGE_MOST && (part = read(in, image + size, IMAGE_MOST - size)) != 0)
		if (part > 0)
			size += (size_t)part;
		else if (errno != EINTR)
			break;
	return size;
}

static enum foreign_end
read_from(struct foreign *foreign, int in, pid_t child)
{
	size_t size;
	int status = 0;

	foreign->image = allocate_or_exit(NULL, IMAGE_MOST);
	size = receive(in, foreign->image);
	/* One that was out of memory or time ends in another way than by its own exit status. */
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
	    WEXITSTATUS(status) > FOREIGN_TOO_LARGE)
		return FOREIGN_TOO_LARGE;
	if (WEXITSTATUS(status) == FOREIGN_READ &&
	    compiled_read(foreign->image, size, &foreign->policy) != COMPILED_GOOD)
		return FOREIGN_WRONG;
	return (enum foreign_end)WEXITSTATUS(status);
}

enum foreign_end
foreign_read(struct foreign *foreign, const struct process *process, const char *conf)
{
	enum foreign_end end = FOREIGN_REFUSED;
	struct rights rights;
	int ends[2];
	pid_t child;

	*foreign = (struct foreign){ 0 };
	if (!rights_read(&rights, process))
		return end;
	if (pipe2(ends, O_CLOEXEC) == 0) {
		child = fork();
		if (child == 0)
			run_reader(ends[1], process, conf, &rights);
		close(ends[1]);
		if (child != -1)
			end = read_from(foreign, ends[0], child);
		close(ends[0]);
	}
	return end;
}
