/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "decide.h"
#include "text.h"

static atomic_flag reported = ATOMIC_FLAG_INIT;

/* A line waits in the pipe or not at all: longer than this, write(2) could do a part of it. */
enum { LINE_LONGEST = 1024 };

/* LOG_DAEMON | LOG_WARNING, syslog(3). */
static const char priority[] = "<28>";

/*
 * Write to a descriptor that may be a closed pipe, a stopped terminal or a file at its limit. The
 * signals for that (SIGPIPE, SIGTTOU, SIGXFSZ) are blocked, and those that the write itself raised
 * are taken back.
 */
static void
write_quietly(int fd, const char *line, size_t size)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };
	const struct timespec at_once = { 0 };
	sigset_t quiet, before, pending;
	int raised;

	sigemptyset(&quiet);
	sigaddset(&quiet, SIGPIPE);
	sigaddset(&quiet, SIGTTOU);
	sigaddset(&quiet, SIGXFSZ);
	if (pthread_sigmask(SIG_BLOCK, &quiet, &before) != 0)
		return;
	sigpending(&pending);
	if (poll(&ready, 1, 0) == 1 && (ready.revents & (POLLERR | POLLNVAL)) == 0 &&
	    write(fd, line, size) == -1 && (errno == EPIPE || errno == EFBIG)) {
		raised = errno == EPIPE ? SIGPIPE : SIGXFSZ;
		if (!sigismember(&pending, raised)) {
			sigset_t taken;

			sigemptyset(&taken);
			sigaddset(&taken, raised);
			sigtimedwait(&taken, NULL, &at_once);
		}
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void
write_file(const char *path, const char *line, size_t size)
{
	int fd =
	    open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);

	if (fd == -1)
		return;
	write_quietly(fd, line, size);
	close(fd);
}

/* Not syslog(3), whose state and descriptor belong to the program. */
static void
write_syslog(const char *line, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int fd = load()->next.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return;
	sendto(fd, line, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address,
	    sizeof(address));
	close(fd);
}

/* Not where the program has put a socket: that would be its peer who reads it. */
static bool
is_stderr_usable(void)
{
	struct stat stat;

	return fstat(STDERR_FILENO, &stat) == 0 && !S_ISSOCK(stat.st_mode);
}

/* Who reports: the file that was executed, whatever the program made of its argv[0]. */
static void
put_program(struct text *text)
{
	const char *path = (const char *)getauxval(AT_EXECFN);
	const char *slash = path == NULL ? NULL : strrchr(path, '/');

	if (path == NULL)
		return;
	text_put(text, slash == NULL ? path : slash + 1);
	text_put(text, ": ");
}

static void
report(const struct loaded *loaded, const char *message)
{
	char line[LINE_LONGEST];
	struct text text = text_in(line, sizeof(line));
	bool to_stderr =
	    strcmp(loaded->log, "stderr") == 0 || (loaded->log[0] == '\0' && isatty(STDERR_FILENO));
	size_t start;

	if (strcmp(loaded->log, "none") == 0)
		return;
	text_put(&text, priority);
	start = text.used;
	text_put(&text, "kashim[");
	text_put_number(&text, getpid());
	text_put(&text, "]: ");
	put_program(&text);
	text_put(&text, message);
	if (loaded->log[0] == '/' || (to_stderr && is_stderr_usable())) {
		if (text.used == text.size - 1)
			text.used--;
		text_put(&text, "\n");
		if (loaded->log[0] == '/')
			write_file(loaded->log, line + start, text.used - start);
		else
			write_quietly(STDERR_FILENO, line + start, text.used - start);
	} else {
		write_syslog(line, text.used);
	}
}

static void
put_settings(struct text *text, const struct settings *settings)
{
	const char *separator = "";

	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];

		if (row->name == 0 || row->key == NULL || settings->value[option] == VALUE_UNSET)
			continue;
		text_put(text, separator);
		text_put(text, row->key);
		text_put(text, " ");
		option_put(text, option, settings->value[option]);
		separator = ", ";
	}
	text_put(text, ", mode ");
	text_put(text, mode_name(settings->mode));
}

static void
put_where(struct text *text, const struct loaded *loaded, struct mark mark)
{
	const struct policy *connections = &loaded->connections;
	const struct rule *rule;

	if (mark.rule == 0) {
		text_put(text, loaded->where[0] == '\0' ? "" : ", by ");
		text_put(text, loaded->where);
		return;
	}
	rule = &connections->rules[mark.rule - 1];
	text_put(text, ", by ");
	text_put(text, connections->strings + rule->file);
	text_put(text, ":");
	text_put_number(text, rule->line);
}

static void
report_decision(int fd, const struct loaded *loaded, struct mark mark)
{
	const struct settings *settings = decide_settings(loaded, mark);
	char message[LINE_LONGEST];
	struct text text = text_in(message, sizeof(message));

	text_put(&text, mark.decided ? "connection " : "socket ");
	text_put_number(&text, fd);
	text_put(&text, ": ");
	if (settings->mode == MODE_OFF)
		text_put(&text, "left alone");
	else
		put_settings(&text, settings);
	put_where(&text, loaded, mark);
	report(loaded, message);
}

void
report_socket(int fd, const struct loaded *loaded, struct mark mark)
{
	if (loaded->problem[0] != '\0' && !atomic_flag_test_and_set(&reported))
		report(loaded, loaded->problem);
	if (loaded->verbose)
		report_decision(fd, loaded, mark);
}
