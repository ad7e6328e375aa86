#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The shim leaves nothing in a process but its own memory: signals, timers, threads, children, limits, descriptors, locale,
# directory, environment and stacks are as without it.

load ../lib/live

MAKE_SOCKETS=$ROOT/build/tests/make_sockets

# Before and after TCP sockets were made; the environment of the run with the shim has the variables it was given.
is_as_it_was() {
	needs_python
	in_scene env LD_PRELOAD= KASHIM_CONF= "$@" "$PYTHON" "$ROOT/tests/lib/inside/state.py" >without
	in_scene "${WRAPPED[@]}" "$@" "$PYTHON" "$ROOT/tests/lib/inside/state.py" >with
	grep -qF "'$SHIM'" with || fail "control: the shim was not there"
	diff without <(sed "s|, '$SHIM'||; s|'$SHIM', ||" with)
	grep -q 'no children' with
	[ "$(grep -c "'KASHIM_CONF', .*'LD_PRELOAD'" with)" = 2 ]
}

@test "the process is as it was in mode tighten" {
	is_as_it_was
}

@test "the process is as it was in suggest with rules that look at connections" {
	printf 'defaults: { mode = "suggest"; }; rules = ( { direction = "accept"; idle = 34; } );\n' >k.conf
	"$ROOT/build/kashim" compile k.conf
	is_as_it_was
}

@test "the process is as it was when a child compiles the text" {
	rm k.policy
	is_as_it_was
}

@test "the process is as it was while each socket is reported" {
	is_as_it_was KASHIM_VERBOSE=1 "KASHIM_LOG=$PWD/report"
	[ "$(grep -c 'idle 33 s' report)" -ge 2 ]
}

@test "the process is as it was when no configuration could be used" {
	printf 'defaults: { idle = "yesterday"; };\n' >k.conf
	is_as_it_was "KASHIM_LOG=$PWD/report"
	[ -s report ] || fail "control: no report"
}

# Bytes of stack that a call takes more with the shim than without.
takes() {
	local most=$1 name size
	shift
	in_scene "$ROOT/build/tests/stack_use" >plain
	in_scene "${WRAPPED[@]}" "$@" "$ROOT/build/tests/stack_use" >wrapped
	echo "# $(paste -s -d ' ' wrapped)" >&3
	while read -r name size; do
		[ "$size" -le $((most + $(sed -n "s/^$name //p" plain))) ] || fail "$name takes $size"
	done <wrapped
	not diff plain wrapped >/dev/null || fail "control: the shim was not there"
}

@test "a call takes little more of the stack than without the shim" {
	takes 1024
	takes 4096 KASHIM_VERBOSE=1 "KASHIM_LOG=$PWD/report"
	grep -q 'idle 33 s' report
	printf 'rules = ( { remote = "127.0.0.1"; local_port = "1-65535"; idle = 34; } );\n' >>k.conf
	"$ROOT/build/kashim" compile k.conf
	takes 1536
	takes 4096 KASHIM_VERBOSE=1 "KASHIM_LOG=$PWD/report"
	takes 4096 KASHIM_VERBOSE=1 KASHIM_LOG=syslog
}

call() {
	local count=$1
	shift
	: >log
	start "$@"
	wait_for grep -qx ready log
	[ "$(timers_of "$PID" | wc -l)" = "$count" ] || fail "$(sockets_of "$PID")" || return
	all_are "$([ ${#WITH[@]} -eq 0 ] && echo "$UNTOUCHED" || echo "$POLICY")" "$PID"
}

@test "a hundred threads with 16 KiB of stack each run while each socket is reported" {
	under_the_shim_and_without call 300 env KASHIM_VERBOSE=1 "KASHIM_LOG=$PWD/report" "$MAKE_SOCKETS" small_stacks
	[ "$(grep -c '^kashim\[[0-9]*\]: make_sockets: .*mode tighten, .*by .*:1$' report)" -ge 300 ]
	[ "$(grep -vc '^kashim\[[0-9]*\]: .*mode tighten, .*by .*:1$' report)" = 0 ] || fail "lines are mixed: $(cat report)"
}

# Bound at the start: the loader's resolver keeps the vector registers on that stack, which is more where they are wide.
@test "a signal handler runs on a stack of its own, of 2 KiB and what the kernel needs" {
	under_the_shim_and_without call 3 env LD_BIND_NOW=1 "$MAKE_SOCKETS" alternate_stack 2048
}

@test "a signal handler runs on a stack of its own while each socket is reported" {
	under_the_shim_and_without call 3 env KASHIM_VERBOSE=1 "KASHIM_LOG=$PWD/report" LD_BIND_NOW=1 "$MAKE_SOCKETS" alternate_stack 8192
	grep -q 'idle 33 s' report
}

@test "signal handlers make sockets in a storm of signals while each is reported" {
	under_the_shim_and_without call 100 env KASHIM_VERBOSE=1 "KASHIM_LOG=$PWD/report" "$MAKE_SOCKETS" signals
	[ "$(grep -c '^kashim\[[0-9]*\]: make_sockets: socket [0-9]*: .*mode tighten, .*by .*:1$' report)" -ge 1000 ]
	[ "$(grep -vc '^kashim\[[0-9]*\]: .*mode tighten, .*by .*:1$' report)" = 0 ] || fail "lines are mixed"
}
