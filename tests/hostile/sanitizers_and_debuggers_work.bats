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
	compiler "$@" -g -D_GNU_SOURCE -o callers "$ROOT/tests/lib/callers.c"
	CALLERS=$PWD/callers
	under_the_shim_and_without is_served
	under_the_shim makes 6 executed
	diff <(echo ready) log
}

compiled_by() {
	needs "$1"
	CC=$1 sanitized "${@:2}"
}

@test "clang: AddressSanitizer" {
	compiled_by clang -fsanitize=address
}

@test "clang: UndefinedBehaviorSanitizer" {
	compiled_by clang -fsanitize=undefined -fno-sanitize-recover=all
}

# Threads, children and signal handlers are what it looks at.
@test "clang: ThreadSanitizer" {
	compiled_by clang -fsanitize=thread
	under_the_shim makes 150 threads
	diff <(echo ready) log
}

@test "clang: MemorySanitizer" {
	compiled_by clang -fsanitize=memory
}

@test "gcc: AddressSanitizer, static" {
	compiled_by gcc -fsanitize=address -static-libasan
}

@test "gcc: UndefinedBehaviorSanitizer" {
	compiled_by gcc -fsanitize=undefined
}

@test "gcc: ThreadSanitizer" {
	compiled_by gcc -fsanitize=thread
	under_the_shim makes 150 threads
	diff <(echo ready) log
}

@test "gcc: LeakSanitizer" {
	compiled_by gcc -fsanitize=leak
}

is_refused() {
	: >log
	start "$CALLERS" three
	wait_for is_gone "$PID"
	grep -q 'does not come first' log || fail "$(cat log)"
}

# Its runtime has to be the first library, whoever is preloaded. It can be told not to look, or be preloaded itself.
limited() {
	local runtime
	compiler "$@" -g -D_GNU_SOURCE -o callers "$ROOT/tests/lib/callers.c"
	CALLERS=$PWD/callers
	under_the_shim is_refused
	without_the_shim is_served
	wrap env ASAN_OPTIONS=verify_asan_link_order=0
	under_the_shim is_served
	runtime=$(ldd callers | sed -n 's/.*asan.* => \(.*\) (.*/\1/p')
	SHIM=$runtime:$SHIM wrap env
	under_the_shim is_served
}

@test "gcc: dynamic AddressSanitizer refuses to be second: three ways" {
	needs gcc
	CC=gcc limited -fsanitize=address
}

@test "clang: dynamic AddressSanitizer refuses to be second: three ways" {
	needs clang
	CC=clang limited -fsanitize=address -shared-libsan "-Wl,-rpath,$(clang -print-resource-dir)/lib/linux"
}

is_clean() {
	in_scene "${WITH[@]}" valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all \
		"$ROOT/build/tests/borders" 127.0.0.1 >log 2>&1 || fail "status $?" || return
	[ ! -s log ]
}

needs_valgrind() {
	needs valgrind
	valgrind -q true || skip "valgrind does not work here"
	export KASHIM_VERBOSE=1 KASHIM_LOG=$PWD/decisions
}

# What was decided in there, so that the shim has been there.
decided() {
	grep -q "$1" decisions || fail "control: $(cat decisions)"
}

@test "valgrind: no errors, in force" {
	needs_valgrind
	unwrap
	is_clean
	WITH=("${WRAPPED[@]}")
	is_clean
	decided 'idle 33 s.*mode force'
}

@test "valgrind: no errors, in suggest, with rules that look at connections" {
	needs_valgrind
	cat >k.conf <<-'END'
		defaults: { mode = "suggest"; user_timeout = "auto"; };
		rules = ( { argument = "x*"; user = 7; idle = 7; }, { remote = "127.0.0.0/8"; local = "10.0.0.1"; idle = 8; },
			{ remote = "127.0.0.0/8"; idle = 34; } );
	END
	"$ROOT/scripts/kashim" compile k.conf >/dev/null
	WITH=("${WRAPPED[@]}")
	is_clean
	decided 'idle 34 s.*mode suggest'
}

@test "valgrind: no errors, while a child compiles the text" {
	needs_valgrind
	printf 'defaults: { idle = 44; };\n' >k.conf
	WITH=("${WRAPPED[@]}")
	is_clean
	decided 'idle 44 s.*mode force'
}

@test "valgrind: sockets carry the policy" {
	needs_valgrind
	CALLERS=valgrind
	under_the_shim_and_without makes_three_in_valgrind
}

makes_three_in_valgrind() {
	call -q "$ROOT/build/tests/callers" three
	expect 3 "$PID"
	diff <(echo ready) log
}
