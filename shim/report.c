/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "decide.h"
#include "kernel.h"
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
	const struct kernel_time at_once = { 0 };
	struct kernel_signals quiet = { 0 }, before, pending = { 0 }, taken = { 0 };
	int raised;

	kernel_signals_add(&quiet, SIGPIPE);
	kernel_signals_add(&quiet, SIGTTOU);
	kernel_signals_add(&quiet, SIGXFSZ);
	if (kernel_sigmask(SIG_BLOCK, &quiet, &before) == -1)
		return;
	syscall(SYS_rt_sigpending, &pending, sizeof(pending));
	if (kernel_poll(&ready, 1, 0) == 1 && (ready.revents & (POLLERR | POLLNVAL)) == 0 &&
	    kernel_write(fd, line, size) == -1 && (errno == EPIPE || errno == EFBIG)) {
		raised = errno == EPIPE ? SIGPIPE : SIGXFSZ;
		kernel_signals_add(&taken, raised);
		if (!kernel_signals_have(&pending, raised))
			syscall(SYS_rt_sigtimedwait, &taken, NULL, &at_once, sizeof(taken));
	}
	kernel_sigmask(SIG_SETMASK, &before, NULL);
}

/*
 * Where others can make links, one may lead to a file that only this program can write. Links of
 * root's are followed, as /dev/stderr is one, and the user's own; in a set-gid program that user
 * may be anyone.
 */
static int
open_log(const char *path)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	int fd = kernel_open(path, flags | O_NOFOLLOW, 0640);
	struct stat link;

	if (fd != -1 || errno != ELOOP || fstatat(AT_FDCWD, path, &link, AT_SYMLINK_NOFOLLOW) == -1)
		return fd;
	if (link.st_uid != 0 && (getauxval(AT_SECURE) != 0 || link.st_uid != getauxval(AT_EUID)))
		return -1;
	return kernel_open(path, flags, 0640);
}

static void
write_file(const char *path, const char *line, size_t size)
{
	int fd = open_log(path);

	if (fd == -1)
		return;
	write_quietly(fd, line, size);
	kernel_close(fd);
}

/* Not syslog(3), whose state and descriptor belong to the program. */
static void
write_syslog(const char *line, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int fd = (int)syscall(SYS_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return;
	syscall(SYS_sendto, fd, line, size, MSG_DONTWAIT | MSG_NOSIGNAL, &address, sizeof(address));
	kernel_close(fd);
}

/* Not where the program has put a socket: that would be its peer who reads it. */
static bool
is_stderr_usable(void)
{
	struct stat stat;

	return fstatat(STDERR_FILENO, "", &stat, AT_EMPTY_PATH) == 0 && !S_ISSOCK(stat.st_mode);
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

/* As isatty(3) asks; the answer is 60 bytes at most, struct termios of <asm/termbits.h>. */
static bool
is_terminal(int fd)
{
	char termios[256];

	return syscall(SYS_ioctl, fd, TCGETS, termios) == 0;
}

/* A program may have a name that would read as lines of their own, or move a cursor. */
static void
make_one_line(const struct text *text)
{
	enum { DELETE = 0x7f };

	for (char *at = text->start; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == DELETE)
			*at = '?';
}

static void
report(const struct loaded *loaded, const char *message)
{
	char line[LINE_LONGEST];
	struct text text = text_in(line, sizeof(line));
	bool to_stderr = strcmp(loaded->log, "stderr") == 0 ||
			 (loaded->log[0] == '\0' && is_terminal(STDERR_FILENO));
	size_t start;

	if (strcmp(loaded->log, "none") == 0)
		return;
	text_put(&text, priority);
	start = text.used;
	text_put(&text, "kashim[");
	text_put_number(&text, syscall(SYS_getpid));
	text_put(&text, "]: ");
	put_program(&text);
	text_put(&text, message);
	make_one_line(&text);
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

	if (mark_rule(mark) == 0) {
		text_put(text, loaded->where[0] == '\0' ? "" : ", by ");
		text_put(text, loaded->where);
		return;
	}
	rule = &connections->rules[mark_rule(mark) - 1];
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
