/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <string.h>

#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "decide.h"
#include "file.h"
#include "in_flight.h"
#include "kernel.h"
#include "mark.h"
#include "retransmit.h"
#include "text.h"

/* A line waits in the pipe or not at all: longer than this, write(2) could do a part of it. */
enum { LINE_LONGEST = 1024 };

/* LOG_DAEMON | LOG_WARNING, syslog(3). */
static const char priority[] = "<28>";

/*
 * Take back the signal that a write has raised, for this thread. One that the program has pending
 * already is left to it, whether it was sent to the thread or to the process.
 */
static void
take_back(int raised, const struct kernel_signals *before)
{
	const struct kernel_time at_once = { 0 };
	struct kernel_signals taken = { 0 }, now = { 0 };

	kernel_signals_add(&taken, raised);
	syscall(SYS_rt_sigtimedwait, &taken, NULL, &at_once, sizeof(taken));
	if (kernel_signals_have(before, raised) &&
	    syscall(SYS_rt_sigpending, &now, sizeof(now)) == 0 &&
	    !kernel_signals_have(&now, raised))
		syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), raised);
}

/*
 * Write to a descriptor that does not wait, but may be a closed pipe, a stopped terminal or a file
 * at its limit. The signals for that (SIGPIPE, SIGTTOU, SIGXFSZ) are blocked, and those that the
 * write itself raised are taken back.
 */
static void
write_quietly(int fd, const char *line, size_t size)
{
	struct kernel_signals quiet = { 0 }, before, pending = { 0 };

	kernel_signals_add(&quiet, SIGPIPE);
	kernel_signals_add(&quiet, SIGTTOU);
	kernel_signals_add(&quiet, SIGXFSZ);
	if (kernel_sigmask(SIG_BLOCK, &quiet, &before) == -1)
		return;
	syscall(SYS_rt_sigpending, &pending, sizeof(pending));
	if (kernel_write(fd, line, size) == -1 && (errno == EPIPE || errno == EFBIG))
		take_back(errno == EPIPE ? SIGPIPE : SIGXFSZ, &pending);
	kernel_sigmask(SIG_SETMASK, &before, NULL);
}

enum { LOG_FLAGS = O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

/*
 * Where others can make links, one may lead to a file that only this program can write. Links of
 * root's are followed, as /dev/stderr is one, and the user's own; in a set-gid program that user
 * may be anyone.
 */
static int
open_log(const char *path)
{
	int fd = kernel_open(path, LOG_FLAGS | O_CREAT | O_NOFOLLOW, 0640);
	struct file link;

	if (fd != -1 || errno != ELOOP ||
	    file_look(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &link) == -1)
		return fd;
	if (link.user != 0 && (getauxval(AT_SECURE) != 0 || link.user != getauxval(AT_EUID)))
		return -1;
	return kernel_open(path, LOG_FLAGS | O_CREAT, 0640);
}

/* Returns whether the file was open. */
static bool
write_file(int fd, const char *line, size_t size)
{
	if (fd == -1)
		return false;
	write_quietly(fd, line, size);
	kernel_close(fd);
	return true;
}

/*
 * As isatty(3) asks; the answer is 60 bytes at most. On some machines the name of the question has
 * the size of that in it: struct termios of <asm/termbits.h>, which is not the one of <termios.h>.
 */
static bool
is_terminal(int fd)
{
	char termios[256];

#if defined(__powerpc__)
	return syscall(SYS_ioctl, fd, 0x402c7413UL, termios) == 0;
#else
	return syscall(SYS_ioctl, fd, TCGETS, termios) == 0;
#endif
}

void
report_prepare(struct loaded *loaded)
{
	struct file file;
	int flags;

	if (loaded->problem[0] == '\0' && !loaded->verbose)
		return;
	if (strcmp(loaded->log, "stderr") != 0 &&
	    (loaded->log[0] != '\0' || !is_terminal(STDERR_FILENO)))
		return;
	flags = kernel_fcntl(STDERR_FILENO, F_GETFL, 0);
	if (flags == -1 || (flags & O_ACCMODE) == O_RDONLY ||
	    file_look(STDERR_FILENO, "", AT_EMPTY_PATH, &file) == -1)
		return;
	loaded->to_stderr = true;
	loaded->stderr_device = file.device;
	loaded->stderr_inode = file.inode;
}

/*
 * Returns whether it is standard error still, and can be written without waiting: as a regular
 * file, or opened anew, since a pipe may be full, and a terminal have room for a part of the line.
 */
static bool
write_stderr(const struct loaded *loaded, const char *line, size_t size)
{
	struct file file;

	if (!loaded->to_stderr || file_look(STDERR_FILENO, "", AT_EMPTY_PATH, &file) == -1 ||
	    file.device != loaded->stderr_device || file.inode != loaded->stderr_inode)
		return false;
	if (!S_ISREG(file.mode))
		return write_file(kernel_open("/proc/self/fd/2", LOG_FLAGS, 0), line, size);
	write_quietly(STDERR_FILENO, line, size);
	return true;
}

/* Not syslog(3), whose state and descriptor belong to the program. */
static void
write_syslog(const char *line, size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	int fd = kernel_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const long arguments[6] = { fd, (long)line, (long)size, MSG_DONTWAIT | MSG_NOSIGNAL,
		(long)&address, sizeof(address) };

	if (fd == -1)
		return;
	kernel_socket_call(SYS_sendto, SOCKETCALL_SENDTO, arguments);
	kernel_close(fd);
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
	if (text.used == text.size - 1)
		text.used--;
	text_put(&text, "\n");
	if (loaded->log[0] == '/')
		write_file(open_log(loaded->log), line + start, text.used - start);
	else if (!write_stderr(loaded, line + start, text.used - start))
		write_syslog(line, text.used - 1);
}

static void
put_settings(struct text *text, const struct settings *settings)
{
	const char *separator = "";

	for (enum option_id option = 0; option < OPTION_COUNT; option++) {
		const struct option_row *row = &option_table[option];

		if (row->name == 0 || settings->value[option] == VALUE_UNSET ||
		    (option == OPTION_KEEPALIVE && settings->value[option] == 1))
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

/* When a dead peer is noticed, by silence and with data in flight. */
static void
put_times(struct text *text, const struct settings *settings, uint32_t retries)
{
	int64_t dead = settings_dead_after(settings);

	if (dead >= 0) {
		text_put(text, ", silence ends it after ");
		text_put_duration(text, dead);
	}
	text_put(text, ", data in flight after about ");
	text_put_duration(text, retransmit_about(settings_in_flight_after(settings, retries)));
}

static void
put_where(struct text *text, const struct loaded *loaded, unsigned number)
{
	const struct policy *connections = &loaded->connections;
	const struct rule *rule = number == 0 ? NULL : &connections->rules[number - 1];

	/* A rule without a line has the settings of the KASHIM variable. */
	if (rule == NULL || rule->line == 0) {
		text_put(text, loaded->where[0] == '\0' ? "" : ", by ");
		text_put(text, loaded->where);
		return;
	}
	text_put(text, ", by ");
	text_put(text, connections->strings + rule->file);
	text_put(text, ":");
	text_put_number(text, rule->line);
}

static void
report_decision(int fd, const struct loaded *loaded, unsigned rule, bool is_decided)
{
	struct settings settings = *decide_settings(loaded, rule);
	char message[LINE_LONGEST];
	struct text text = text_in(message, sizeof(message));

	text_put(&text, is_decided ? "connection " : "socket ");
	text_put_number(&text, fd);
	text_put(&text, ": ");
	if (!in_flight_has_option(fd))
		settings.value[OPTION_RETRANSMIT_MAX] = VALUE_UNSET;
	if (settings.mode == MODE_OFF) {
		text_put(&text, "left alone");
	} else {
		put_settings(&text, &settings);
		put_times(&text, &settings, loaded->retries);
	}
	put_where(&text, loaded, rule);
	report(loaded, message);
}

void
report_socket(int fd, const struct loaded *loaded, unsigned rule, bool is_decided)
{
	if (loaded->problem[0] != '\0' && !mark_reported())
		report(loaded, loaded->problem);
	if (loaded->verbose)
		report_decision(fd, loaded, rule, is_decided);
}

void
report_left_alone(const struct loaded *loaded)
{
	if (loaded->verbose)
		report(loaded,
		    "sockets are left alone from now on: the program puts a seccomp filter on itself");
}
