#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Whenever, wherever and in whatever state a program makes TCP sockets, they carry the policy, and the program goes on
# as it would without the shim.

load ../lib/live
load ../lib/callers

# Child and parent.
in_child() {
	local parent_count=$1 child_count=$2 parent
	shift 2
	call "$@"
	parent=$PID
	wait_for has_child "$parent"
	expect "$child_count" "$(children_of "$parent")"
	expect "$parent_count" "$parent"
}

@test "sockets that main makes carry the policy" {
	way 3 three
}

@test "sockets of a forked child and of its parent carry the policy" {
	needs_helpers
	under_the_shim_and_without in_child 3 6 forked
}

# Not before it becomes another program: what is seen here is the child that has its parent's memory.
vfork_child() {
	call vforked
	wait_for has_child "$PID"
	expect 3 "$(children_of "$PID")"
}

@test "sockets of a child of vfork carry the policy before it calls exec" {
	needs_helpers
	under_the_shim_and_without vfork_child
}

@test "sockets of a child of posix_spawn carry the policy" {
	needs_helpers
	under_the_shim_and_without in_child 0 3 spawned
}

@test "old and new sockets carry the policy after exec" {
	way 6 executed
}

@test "sockets of a hundred threads at once carry the policy" {
	way 300 threads
}

@test "sockets that signal handlers make in a storm of signals carry the policy" {
	way 100 signals
}

@test "sockets of a thread with 16 KiB of stack carry the policy" {
	way 3 small_stack
}

decided_on_small_stack() {
	: >log
	start env "KASHIM_VERBOSE=1" "KASHIM_LOG=$PWD/decisions" "$MAKE_SOCKETS" small_stack
	log_says ready
	expect 3 "$PID" 1/34/11/5
}

@test "16 KiB of stack suffice where rules look at connections and each decision is reported" {
	needs_helpers
	cat >k.conf <<-'END'
		defaults: { idle = 33; interval = 11; count = 5; };
		rules = (
			{ direction = "accept"; remote = [ "10.0.0.0/8", "127.0.0.1" ]; local_port = "1-65535"; idle = 34; },
			{ direction = "connect"; remote = "127.0.0.0/8"; local = "127.0.0.0/8"; idle = 34; },
			{ program = "make_sockets"; idle = 34; }
		);
	END
	"$ROOT/build/kashim" compile k.conf >/dev/null
	under_the_shim_and_without decided_on_small_stack
	[ "$(grep -c idle decisions)" -ge 3 ] || fail "control: no reports"
}

@test "descriptors beyond ten thousand carry the policy" {
	needs descriptors:10100
	way 3 high 10000
}

@test "descriptors beyond 65536 carry the policy" {
	needs descriptors:65700
	way 3 high 65600
}

takes_low_numbers() {
	start "$MAKE_SOCKETS" low
	expect 3 "$PID"
	[ "$(sockets_of "$PID" | sed 's/ .*//' | sort | tr '\n' ' ')" = 'fd=0 fd=1 fd=2 ' ]
}

@test "descriptors 0, 1 and 2 carry the policy" {
	needs_helpers
	under_the_shim_and_without takes_low_numbers
}

# One after the other with one number, of which the last one stays.
@test "a number that comes back as UDP, a file and TCP again carries the policy" {
	way 1 sequence tcp udp file tcp
	way 1 sequence udp tcp
}

@test "a number that comes back as IPv6, a file and TCP again carries the policy" {
	needs ipv6
	way 1 sequence unix tcp6 file unix tcp
}

is_other() {
	call sequence "$@"
	[ "$("$SOCKOPTS" --others "$PID" | grep -cE ' keepalive=0$')" -ge 1 ] || fail "$("$SOCKOPTS" --others "$PID")"
	! "$SOCKOPTS" --others "$PID" | grep keepalive=1 || fail "touched"
	[ -z "$(sockets_of "$PID")" ] || fail "$(sockets_of "$PID")"
}

@test "a number of TCP that comes back as UDP or Unix socket is not touched" {
	needs_helpers
	under_the_shim_and_without is_other tcp udp
	under_the_shim_and_without is_other tcp file unix
	under_the_shim_and_without is_other tcp pair
	under_the_shim makes 1 sequence tcp pair tcp
}

# Each of the three has two numbers, and the listener a third.
@test "duplicates of sockets that listen, connect and accept carry the policy" {
	way 6 duplicates
}

@test "a program that clears its environment is served" {
	way 6 cleared
}

@test "a program whose environment another thread changes is served" {
	way 50 changed
}

# The environment of a program that has only what the loader needs: the built-in policy.
without_environment() {
	: >log
	# Without the variables, what is left is to be there at all.
	if [ ${#WITH[@]} -eq 0 ]; then
		start_plain env -i "$MAKE_SOCKETS" three
	else
		start_plain env -i "LD_PRELOAD=$SHIM" "$MAKE_SOCKETS" three
	fi
	log_says ready
	expect 3 "$PID" 1/60/10/6
}

no_configuration() {
	local file
	for file in /etc/kashim.conf /etc/kashim.conf.d /etc/kashim.policy; do
		[ ! -e "$file" ] || skip "this host has a configuration"
	done
}

@test "a program with no environment but the preload has the built-in policy" {
	needs_helpers
	no_configuration
	under_the_shim_and_without without_environment
}

# The loader can be told by an argument.
with_no_variable() {
	local loader=$1
	: >log
	if [ ${#WITH[@]} -eq 0 ]; then
		start_plain env -i "$loader" "$MAKE_SOCKETS" three
	else
		start_plain env -i "$loader" --preload "$SHIM" "$MAKE_SOCKETS" three
	fi
	log_says ready
	[ "$(tr -d '\0' <"/proc/$PID/environ" | wc -c)" = 0 ]
	expect 3 "$PID" 1/60/10/6
}

@test "a program with no environment at all has the built-in policy" {
	local loader
	needs_helpers
	needs readelf
	no_configuration
	loader=$(readelf -l "$MAKE_SOCKETS" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
	"$loader" --help 2>/dev/null | grep -q -- --preload || skip "this loader has no --preload"
	under_the_shim_and_without with_no_variable "$loader"
}

# Three from .preinit_array, three from its constructor, three from main.
early_program() {
	start "$EARLY_SOCKETS"
	expect 9 "$PID"
}

@test "sockets of .preinit_array and of the program's own constructor carry the policy" {
	needs_helpers
	under_the_shim_and_without early_program
}

make_library() {
	needs cc
	cc -O1 -shared -fPIC -DLIBRARY -Wl,-soname,libearly.so -o libearly.so "$ROOT/tests/lib/inside/early_sockets.c"
}

# In this order, with the shim at its place in the list or without.
preloaded() {
	local libraries=("$PWD/libearly.so" "$SHIM")
	[ "$1" = before ] || libraries=("$SHIM" "$PWD/libearly.so")
	[ ${#WITH[@]} -ne 0 ] || libraries=("$PWD/libearly.so")
	: >log
	start env "LD_PRELOAD=${libraries[*]}" "$MAKE_SOCKETS" three
	log_says ready
	expect 6 "$PID"
}

@test "a constructor of a library that is preloaded before the shim is served" {
	needs_helpers
	make_library
	under_the_shim_and_without preloaded before
}

@test "a constructor of a library that is preloaded after the shim is served" {
	needs_helpers
	make_library
	under_the_shim_and_without preloaded after
}

# Four threads of a constructor that make sockets while the shim is loaded, and keep one each, which they do not use. Those
# of the program itself carry the policy.
has_threads() {
	local timers=$UNTOUCHED
	[ ${#WITH[@]} -eq 0 ] || timers=$POLICY
	: >log
	start env "LD_PRELOAD=${WITH:+$SHIM }$PWD/libthreads.so" "$MAKE_SOCKETS" three
	log_says ready
	wait_for holds 7 "$PID" || fail "$(sockets_of "$PID")" || return
	[ "$(timers_of "$PID" '\(listen\|established\)' | grep -cx "$timers")" = 3 ] || fail "$(sockets_of "$PID")"
	end "$PID"
}

@test "threads that a constructor of another library has started are served" {
	needs cc
	needs_helpers
	cc -O1 -shared -fPIC -x c -o libthreads.so - <<-'END'
		#include <pthread.h>
		#include <unistd.h>
		#include <sys/socket.h>
		static void *run(void *nothing)
		{
			for (int i = 0; i < 300; i++)
				close(socket(AF_INET, SOCK_STREAM, 0));
			socket(AF_INET, SOCK_STREAM, 0);
			return nothing;
		}
		__attribute__((constructor)) static void start(void)
		{
			pthread_t thread;
			for (int i = 0; i < 4; i++)
				pthread_create(&thread, NULL, run, NULL);
		}
	END
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		under_the_shim has_threads
	done
	without_the_shim has_threads
}

needs_it() {
	start ./linked
	expect 3 "$PID"
}

@test "a constructor of a library that the program needs is served" {
	needs_helpers
	make_library
	echo 'int pause(void); int main(void) { for (;;) pause(); }' |
		cc -x c -o linked - -Wl,--no-as-needed -L. -learly "-Wl,-rpath,$PWD"
	under_the_shim_and_without needs_it
}

opens_it() {
	start "$PYTHON" -c 'import ctypes, sys, time; ctypes.CDLL(sys.argv[1]); time.sleep(60)' ./libearly.so
	expect 3 "$PID"
}

@test "a constructor of a library that is loaded later is served" {
	needs_python
	make_library
	under_the_shim_and_without opens_it
}

# What was in the environment when the program started counts, whatever a constructor does to it.
@test "a constructor of another library may clear the environment" {
	needs cc
	needs_helpers
	cc -O1 -shared -fPIC -D_GNU_SOURCE -x c -o libclear.so - <<-'END'
		#include <stdlib.h>
		__attribute__((constructor)) static void start(void) { clearenv(); }
	END
	local order
	for order in "$SHIM $PWD/libclear.so" "$PWD/libclear.so $SHIM"; do
		: >log
		start env "LD_PRELOAD=$order" "KASHIM_CONF=$PWD/k.conf" "$MAKE_SOCKETS" three
		log_says ready
		WITH=(env)
		expect 3 "$PID"
	done
	: >log
	start_plain env "LD_PRELOAD=$PWD/libclear.so" "$MAKE_SOCKETS" three
	log_says ready
	unwrap
	expect 3 "$PID"
}
