#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Programs that were built with sanitizers, and what developers look at programs with: they do their work with the shim as
# without, find nothing in it, and the sockets carry the policy.

load ../lib/live
load ../lib/play
load ../lib/callers

# Three sockets with the policy, or without the shim as they are; and no word but the program's own.
is_served() {
	makes 3 "${1:-three}"
	diff <(echo ready) log
}

sanitized() {
	compiler "$@" -g -D_GNU_SOURCE -o make_sockets "$ROOT/tests/lib/inside/make_sockets.c"
	MAKE_SOCKETS=$PWD/make_sockets
	under_the_shim_and_without is_served
	under_the_shim makes 6 executed
	diff <(echo ready) log
}

compiled_by() {
	needs "$1"
	CC=$1 sanitized "${@:2}"
}

@test "clang's AddressSanitizer works and finds nothing" {
	compiled_by clang -fsanitize=address
}

@test "clang's UndefinedBehaviorSanitizer works and finds nothing" {
	compiled_by clang -fsanitize=undefined -fno-sanitize-recover=all
}

# Threads, children and signal handlers are what it looks at.
@test "clang's ThreadSanitizer works and finds nothing" {
	compiled_by clang -fsanitize=thread
	under_the_shim makes 300 threads
	diff <(echo ready) log
}

@test "clang's MemorySanitizer works and finds nothing" {
	compiled_by clang -fsanitize=memory
}

@test "gcc's static AddressSanitizer works and finds nothing" {
	compiled_by gcc -fsanitize=address -static-libasan
}

@test "gcc's UndefinedBehaviorSanitizer works and finds nothing" {
	compiled_by gcc -fsanitize=undefined
}

@test "gcc's ThreadSanitizer works and finds nothing" {
	compiled_by gcc -fsanitize=thread
	under_the_shim makes 300 threads
	diff <(echo ready) log
}

@test "gcc's LeakSanitizer works and finds nothing" {
	compiled_by gcc -fsanitize=leak
}

is_refused() {
	: >log
	start "$MAKE_SOCKETS" three
	wait_for is_gone "$PID"
	grep -q 'does not come first' log || fail "$(cat log)"
}

# Its runtime has to be the first library, whoever is preloaded. It can be told not to look, or be preloaded itself.
limited() {
	local runtime
	compiler "$@" -g -D_GNU_SOURCE -o make_sockets "$ROOT/tests/lib/inside/make_sockets.c"
	MAKE_SOCKETS=$PWD/make_sockets
	under_the_shim is_refused
	without_the_shim is_served
	wrap env ASAN_OPTIONS=verify_asan_link_order=0
	under_the_shim is_served
	runtime=$(ldd make_sockets | sed -n 's/.*asan.* => \(.*\) (.*/\1/p')
	SHIM=$runtime:$SHIM wrap env
	under_the_shim is_served
}

@test "gcc's dynamic AddressSanitizer refuses to be second, and works in three other ways" {
	needs gcc
	CC=gcc limited -fsanitize=address
}

@test "clang's dynamic AddressSanitizer refuses to be second, and works in three other ways" {
	needs clang
	CC=clang limited -fsanitize=address -shared-libsan "-Wl,-rpath,$(clang -print-resource-dir)/lib/linux"
}

is_clean() {
	in_scene "${WITH[@]}" valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all \
		"$ROOT/build/tests/edge_arguments" 127.0.0.1 >log 2>&1 || fail "status $?" || return
	[ ! -s log ]
}

needs_valgrind() {
	needs valgrind
	export KASHIM_VERBOSE=1 KASHIM_LOG=$PWD/decisions
}

# What was decided in there, so that the shim has been there.
decided() {
	grep -q "$1" decisions || fail "control: $(cat decisions)"
}

@test "valgrind finds no errors in tighten" {
	needs_valgrind
	unwrap
	is_clean
	WITH=("${WRAPPED[@]}")
	is_clean
	decided 'idle 33 s.*mode tighten'
}

@test "valgrind finds no errors in suggest with rules that look at connections" {
	needs_valgrind
	cat >k.conf <<-'END'
		defaults: { mode = "suggest"; user_timeout = "auto"; };
		rules = ( { argument = "x*"; user = 7; idle = 7; }, { remote = "127.0.0.0/8"; local = "10.0.0.1"; idle = 8; },
			{ remote = "127.0.0.0/8"; idle = 34; } );
	END
	"$ROOT/build/kashim" compile k.conf >/dev/null
	WITH=("${WRAPPED[@]}")
	is_clean
	decided 'idle 34 s.*mode suggest'
}

@test "valgrind finds no errors while a child compiles the text" {
	needs_valgrind
	printf 'defaults: { idle = 44; };\n' >k.conf
	WITH=("${WRAPPED[@]}")
	is_clean
	decided 'idle 44 s.*mode tighten'
}

@test "valgrind runs programs whose sockets carry the policy" {
	needs_valgrind
	MAKE_SOCKETS=valgrind
	under_the_shim_and_without makes_three_in_valgrind
}

makes_three_in_valgrind() {
	call -q "$ROOT/build/tests/make_sockets" three
	expect 3 "$PID"
	diff <(echo ready) log
}

# The program below whoever looks at it.
looked_at() {
	local pid
	call "$ROOT/build/tests/make_sockets" "${WAY:-three}"
	for pid in $(family_of "$PID"); do
		[ "/proc/$pid/exe" -ef "$ROOT/build/tests/make_sockets" ] || continue
		expect 3 "$pid"
		return
	done
	fail "it does not run"
}

# A command that runs another one, and has to work without the shim.
under() {
	needs "$1"
	printf '#!/bin/sh\nexec %s "$@"\n' "$*" >tool
	chmod 755 tool
	MAKE_SOCKETS=$PWD/tool
	under_the_shim_and_without looked_at
}

@test "gdb runs a program that has the shim" {
	under gdb -q -batch -ex run --args
}

# The wrapper is there to be seen, and what comes after it is not disturbed.
@test "gdb stops in the shim, and goes on" {
	needs gdb
	# shellcheck disable=SC2016 # these are gdb's
	in_scene timeout -k 1 "$PATIENCE" "${WRAPPED[@]}" gdb -q -batch -ex 'set breakpoint pending on' -ex 'break accept4' -ex 'break accept' -ex run \
		-ex 'info symbol $pc' -ex delete -ex finish -ex 'print $' --args "$ROOT/build/tests/make_sockets" three >gdb.log 2>&1
	grep -q 'accept.* in section .text of .*libkashim.so' gdb.log || fail "$(cat gdb.log)"
	grep -Eq '^\$[0-9]+ = [0-9]+$' gdb.log || fail "$(cat gdb.log)"
}

@test "strace -f follows a program that has the shim" {
	under strace -f -o trace
	# Of four options each, on two sockets: no less than by hand, and no more.
	under_the_shim looked_at
	[ "$(grep -c setsockopt trace)" = 8 ] || fail "$(grep setsockopt trace)"
}

@test "ltrace -f follows a program that has the shim" {
	under ltrace -f -o trace
}

@test "perf stat counts a program that has the shim" {
	under perf stat -o counters
}

@test "LD_BIND_NOW, LD_BIND_NOT and LD_DEBUG work with the shim" {
	wrap env LD_BIND_NOW=1
	under_the_shim is_served
	wrap env LD_BIND_NOT=1
	under_the_shim is_served
	wrap env LD_DEBUG=all "LD_DEBUG_OUTPUT=$PWD/debug"
	under_the_shim is_served
	grep -q 'binding file .*libkashim.so' debug.*
}

linked() {
	compiler "$@" -D_GNU_SOURCE -o make_sockets "$ROOT/tests/lib/inside/make_sockets.c"
	MAKE_SOCKETS=$PWD/make_sockets
	under_the_shim_and_without is_served
}

@test "programs are served that bind at once, late, without PIE and without their table of hashes" {
	linked -Wl,-z,now
	linked -Wl,-z,lazy
	linked -no-pie -fno-pie
	linked -Wl,--hash-style=sysv -Wl,-z,norelro
}

# It sees every binding, those of the shim, too.
@test "LD_AUDIT works with the shim" {
	cat >audit.c <<-'END'
		#include <link.h>
		#include <stdint.h>
		unsigned la_version(unsigned version) { return version; }
		unsigned la_objopen(struct link_map *map, Lmid_t id, uintptr_t *cookie)
		{ (void)map, (void)id, (void)cookie; return LA_FLG_BINDTO | LA_FLG_BINDFROM; }
	END
	compiler -D_GNU_SOURCE -shared -fPIC -o audit.so audit.c
	wrap env "LD_AUDIT=$PWD/audit.so"
	under_the_shim is_served
	grep -q audit.so "/proc/$PID/maps"
}

in_namespace() {
	: >log
	start ./namespace "$PWD/library.so"
	log_says ready
	diff <(printf '%s\n' "$1" "$2") <(timers_of "$PID")
}

# A namespace of the loader has a libc of its own, which the preload is not in front of. The shim may be in there twice.
@test "sockets of a program that uses dlmopen carry the policy, those of the namespace do not" {
	cat >library.c <<-'END'
		#include <sys/socket.h>
		int make_socket(void) { return socket(AF_INET, SOCK_STREAM, 0); }
	END
	cat >namespace.c <<-'END'
		#include <dlfcn.h>
		#include <stdio.h>
		#include <unistd.h>
		#include <sys/socket.h>
		int main(int argc, char **argv)
		{
			void *handle = dlmopen(LM_ID_NEWLM, argv[argc - 1], RTLD_NOW);
			int (*make)(void) = handle == NULL ? NULL : (int (*)(void))dlsym(handle, "make_socket");
			if (make == NULL || make() == -1 || socket(AF_INET, SOCK_STREAM, 0) == -1)
				return puts(dlerror()), 1;
			puts("ready");
			fflush(stdout);
			for (;;)
				pause();
		}
	END
	compiler -D_GNU_SOURCE -shared -fPIC -o library.so library.c
	compiler -D_GNU_SOURCE -o namespace namespace.c
	under_the_shim in_namespace "$UNTOUCHED" "$POLICY"
	without_the_shim in_namespace "$UNTOUCHED" "$UNTOUCHED"
	# With the shim as a library that it needs, in there, too.
	compiler -D_GNU_SOURCE -shared -fPIC -Wl,--no-as-needed -o library.so library.c "$SHIM" "-Wl,-rpath,${SHIM%/*}"
	under_the_shim in_namespace "$POLICY" "$POLICY"
}

calls_by_ctypes() {
	: >log
	start "$PYTHON" -c 'import ctypes, sys, time
libc = ctypes.CDLL(None, use_errno=True)
print(libc.socket(2, 1, 0) > 0, libc.socket(2, 2, 0) > 0, libc.socket(99, 1, 0), ctypes.get_errno(), flush=True)
time.sleep(60)'
	log_says 'True True -1 97'
	expect 1 "$PID"
}

@test "python makes sockets by ctypes that carry the policy" {
	needs_python
	under_the_shim_and_without calls_by_ctypes
}
