/* SPDX-License-Identifier: MIT */
/*
 * make_sockets WAY [ARGUMENT...]: makes TCP sockets in a strange way, says "ready", and stays until
 * it is ended. Mostly they are three: a listener, a client, and the connection between them.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

enum { MANY_THREADS = 100, SMALL_STACK = 16384, KEPT = 50, SIGNALS = 1000 };

static const int backlog = 5;

static void
check(int result, const char *what)
{
	if (result != -1)
		return;
	fprintf(stderr, "make_sockets: %s: %s\n", what, strerror(errno));
	_exit(1);
}

static void
say(const char *line)
{
	check((int)write(STDERR_FILENO, line, strlen(line)), "write");
}

static void
stay(void)
{
	for (;;)
		pause();
}

/* A listener that was never bound gets a port of the kernel's choice. */
static struct sockaddr_in
address_of(int listener)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);

	check(getsockname(listener, (struct sockaddr *)&address, &size), "getsockname");
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

/* No more stack than it has to. */
static void
make_three(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address;

	check(listen(listener, backlog), "listen");
	address = address_of(listener);
	check(connect(client, (struct sockaddr *)&address, sizeof(address)), "connect");
	check(accept(listener, NULL, NULL), "accept");
}

static void
three(char **arguments)
{
	(void)arguments;
	make_three();
}

static void
forked(char **arguments)
{
	pid_t child;

	(void)arguments;
	make_three();
	child = fork();
	check(child, "fork");
	if (child == 0)
		make_three();
}

/* The child has the memory of its parent, which waits; whoever looks from outside sees it. It does
 * more than a child of vfork(2) should, as programs do. */
static void
vforked(char **arguments)
{
	pid_t child = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork) */

	(void)arguments;
	if (child == 0) {
		make_three(); /* NOLINT(clang-analyzer-unix.Vfork) */
		say("ready\n");
		stay();
	}
	check(child, "vfork");
}

static void
spawned(char **arguments)
{
	char name[] = "make_sockets", way[] = "three";
	char *child_arguments[] = { name, way, NULL };
	pid_t child;

	(void)arguments;
	if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, child_arguments, environ) != 0)
		check(-1, "posix_spawn");
}

static void
executed(char **arguments)
{
	char name[] = "make_sockets", way[] = "three";
	char *next_arguments[] = { name, way, NULL };

	(void)arguments;
	make_three();
	check(execv("/proc/self/exe", next_arguments), "execv");
}

static pthread_barrier_t all_there;

static void *
run_thread(void *argument)
{
	(void)argument;
	pthread_barrier_wait(&all_there);
	make_three();
	return NULL;
}

static void
run_threads(int count, size_t stack)
{
	pthread_attr_t attributes;
	pthread_t thread[MANY_THREADS];

	pthread_barrier_init(&all_there, NULL, (unsigned)count);
	pthread_attr_init(&attributes);
	if (stack != 0 && pthread_attr_setstacksize(&attributes, stack) != 0)
		check(-1, "pthread_attr_setstacksize");
	for (int i = 0; i < count; i++)
		if (pthread_create(&thread[i], &attributes, run_thread, NULL) != 0)
			check(-1, "pthread_create");
	for (int i = 0; i < count; i++)
		pthread_join(thread[i], NULL);
}

static void
threads(char **arguments)
{
	(void)arguments;
	run_threads(MANY_THREADS, 0);
}

static void
small_stack(char **arguments)
{
	(void)arguments;
	run_threads(1, SMALL_STACK);
}

static void
small_stacks(char **arguments)
{
	(void)arguments;
	run_threads(MANY_THREADS, SMALL_STACK);
}

static void
on_other_stack(int number)
{
	(void)number;
	make_three();
}

/* A handler has so many bytes for itself, and behind them is nothing. */
static void
alternate_stack(char **arguments)
{
	enum { FRAME = 2048 };
	size_t frame = getauxval(AT_MINSIGSTKSZ) == 0 ? FRAME : getauxval(AT_MINSIGSTKSZ);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t own = *arguments == NULL ? 0 : (size_t)strtol(*arguments, NULL, 10);
	size_t room = (frame + own + page - 1) / page * page;
	char *memory =
	    mmap(NULL, page + room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t stack = { .ss_sp = memory + page, .ss_size = frame + own };
	struct sigaction action = { .sa_handler = on_other_stack, .sa_flags = SA_ONSTACK };

	check(mprotect(memory, page, PROT_NONE), "mprotect");
	check(sigaltstack(&stack, NULL), "sigaltstack");
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
}

static atomic_int storms, kept_by_main, kept_by_handler;

/* The first of them stay, so that they can be looked at. */
static void
open_and_close(atomic_int *kept)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	check(fd, "socket");
	if (atomic_fetch_add(kept, 1) >= KEPT)
		close(fd);
}

static void
on_signal(int number)
{
	int saved = errno;

	(void)number;
	open_and_close(&kept_by_handler);
	atomic_fetch_add(&storms, 1);
	errno = saved;
}

static void *
send_signals(void *main_thread)
{
	while (atomic_load(&storms) < SIGNALS)
		pthread_kill(*(pthread_t *)main_thread, SIGUSR1);
	return NULL;
}

static void
signals(char **arguments)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = { 0 };
	pthread_t main_thread = pthread_self(), sender;
	int rounds = 0;

	(void)arguments;
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	check(setitimer(ITIMER_REAL, &often, NULL), "setitimer");
	if (pthread_create(&sender, NULL, send_signals, &main_thread) != 0)
		check(-1, "pthread_create");
	for (; atomic_load(&storms) < SIGNALS || rounds < KEPT; rounds++)
		open_and_close(&kept_by_main);
	pthread_join(sender, NULL);
	check(setitimer(ITIMER_REAL, &never, NULL), "setitimer");
}

/* All numbers below the one that is given are taken. */
static void
high(char **arguments)
{
	int first = *arguments == NULL ? 0 : (int)strtol(*arguments, NULL, 10);

	for (int fd = 3; fd < first; fd++)
		check(dup2(STDERR_FILENO, fd), "dup2");
	make_three();
}

static void
low(char **arguments)
{
	(void)arguments;
	close(0);
	close(1);
	close(2);
	make_three();
	for (int fd = 0; fd < 3; fd++)
		if (address_of(fd).sin_port == 0)
			_exit(1);
	stay();
}

static int
open_one(const char *kind)
{
	int ends[2];

	if (strcmp(kind, "tcp") == 0)
		return socket(AF_INET, SOCK_STREAM, 0);
	if (strcmp(kind, "tcp6") == 0)
		return socket(AF_INET6, SOCK_STREAM, 0);
	if (strcmp(kind, "udp") == 0)
		return socket(AF_INET, SOCK_DGRAM, 0);
	if (strcmp(kind, "unix") == 0)
		return socket(AF_UNIX, SOCK_STREAM, 0);
	if (strcmp(kind, "file") == 0)
		return open("/dev/null", O_RDWR);
	if (strcmp(kind, "pair") == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0)
		return ends[0];
	return -1;
}

/* One after the other, all with the same number. The last one stays. */
static void
sequence(char **arguments)
{
	int number = -1;

	for (; *arguments != NULL; arguments++) {
		int fd = open_one(*arguments);

		check(fd, *arguments);
		if (number != -1 && fd != number)
			check(-1, "another number");
		number = fd;
		if (strcmp(*arguments, "pair") == 0)
			say("a pair\n");
		if (arguments[1] != NULL)
			close(fd);
	}
}

/* Each of the three by another number than the one it was made with. */
static void
duplicates(char **arguments)
{
	enum { FIRST = 70, SECOND = 71 };
	int listener = dup(socket(AF_INET, SOCK_STREAM, 0));
	int client = dup2(socket(AF_INET, SOCK_STREAM, 0), FIRST);
	struct sockaddr_in address;

	(void)arguments;
	check(listen(listener, backlog), "listen");
	address = address_of(listener);
	check(connect(client, (struct sockaddr *)&address, sizeof(address)), "connect");
	check(accept(dup3(listener, SECOND, O_CLOEXEC), NULL, NULL), "accept");
}

static void
cleared(char **arguments)
{
	(void)arguments;
	clearenv();
	make_three();
	environ = NULL;
	make_three();
}

static atomic_bool enough, begun;

static void *
change_environment(void *argument)
{
	for (int i = 0; !atomic_load(&enough); i++) {
		char name[32], value[256];

		snprintf(name, sizeof(name), "KASHIM_%d", i % 500);
		memset(value, 'x', sizeof(value));
		value[i % (int)sizeof(value)] = '\0';
		value[sizeof(value) - 1] = '\0';
		setenv(name, value, 1);
		setenv("KASHIM", i % 2 == 0 ? "off" : "idle=1", 1);
		setenv("KASHIM_CONF", value, 1);
		atomic_store(&begun, true);
	}
	return argument;
}

static void
changed(char **arguments)
{
	enum { ROUNDS = 3000 };
	pthread_t thread;

	(void)arguments;
	if (pthread_create(&thread, NULL, change_environment, NULL) != 0)
		check(-1, "pthread_create");
	while (!atomic_load(&begun))
		continue;
	for (int i = 0; i < ROUNDS; i++)
		open_and_close(&kept_by_main);
	atomic_store(&enough, true);
	pthread_join(thread, NULL);
}

static int
raw_socket(void)
{
	return (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

/* What libc does not see: the sockets. What it sees, and first of all: the call that is named. */
static void
raw(char **arguments)
{
	const char *call = *arguments == NULL ? "" : *arguments;
	int listener = raw_socket(), client = raw_socket();
	struct sockaddr_in address;
	long result;

	if (strcmp(call, "listen") == 0)
		check(listen(listener, backlog), "listen");
	else
		check((int)syscall(SYS_listen, listener, backlog), "listen");
	address = address_of(listener);
	if (strcmp(call, "connect") == 0)
		result = connect(client, (struct sockaddr *)&address, sizeof(address));
	else
		result = syscall(SYS_connect, client, &address, sizeof(address));
	check((int)result, "connect");
	if (strcmp(call, "accept") == 0)
		result = accept(listener, NULL, NULL);
	else if (strcmp(call, "accept4") == 0)
		result = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	else
		result = syscall(SYS_accept4, listener, NULL, NULL, 0);
	check((int)result, "accept");
}

static void
raw_connect(int listener)
{
	struct sockaddr_in address = address_of(listener);

	check((int)syscall(SYS_connect, raw_socket(), &address, sizeof(address)), "connect");
}

/*
 * A connection that is accepted second, but was made before its listener got the policy at the
 * first accept(2): it has what the listener had then.
 */
static void
late(char **arguments)
{
	int listener = raw_socket(), off = 0, has = 0;
	socklen_t size = sizeof(has);

	(void)arguments;
	check((int)syscall(SYS_listen, listener, backlog), "listen");
	raw_connect(listener);
	check(accept(listener, NULL, NULL), "accept");
	check(getsockopt(listener, SOL_SOCKET, SO_KEEPALIVE, &has, &size), "getsockopt");
	check((int)syscall(SYS_setsockopt, listener, SOL_SOCKET, SO_KEEPALIVE, &off, size), "off");
	raw_connect(listener);
	check((int)syscall(SYS_setsockopt, listener, SOL_SOCKET, SO_KEEPALIVE, &has, size), "on");
	check(accept(listener, NULL, NULL), "accept");
}

static const struct {
	const char *name;
	void (*go)(char **arguments);
} ways[] = {
	{ "three", three },
	{ "forked", forked },
	{ "vforked", vforked },
	{ "spawned", spawned },
	{ "executed", executed },
	{ "threads", threads },
	{ "small_stack", small_stack },
	{ "small_stacks", small_stacks },
	{ "alternate_stack", alternate_stack },
	{ "signals", signals },
	{ "high", high },
	{ "low", low },
	{ "sequence", sequence },
	{ "duplicates", duplicates },
	{ "cleared", cleared },
	{ "changed", changed },
	{ "raw", raw },
	{ "late", late },
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(ways) / sizeof(*ways); i++) {
		if (strcmp(ways[i].name, argv[1]) != 0)
			continue;
		ways[i].go(argv + 2);
		say("ready\n");
		stay();
	}
	fputs("usage: make_sockets WAY [ARGUMENT...]\n", stderr);
	return 2;
}
