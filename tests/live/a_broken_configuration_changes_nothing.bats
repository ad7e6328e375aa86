#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Whatever there is in place of a configuration, the program runs: same output, same exit status, and its sockets as
# without the shim, or with the last good policy. The shim says so in its log, and there alone. What is no text at all, and
# damaged compiled policies, are in tests/hostile.

load ../lib/live

# A program that writes, makes a socket, waits for a line, and ends with 7. What it did is in out, err, timers,
# children, and in ended.
observe() {
	: >out
	"${SCENE[@]}" "$@" "$PYTHON" -c '
import socket, sys
sock = socket.socket()
print("wrong", file=sys.stderr, flush=True)
print("right", flush=True)
sys.stdin.readline()
sys.exit(7)' <>quiet >out 2>err 3>&- &
	PID=$!
	STARTED+=("$PID")
	wait_for grep -qx right out
	timers_of "$PID" >timers
	children_of "$PID" >children
	echo >quiet
	ended=0
	wait "$PID" || ended=$?
}

# With this configuration the program gets these timers, undisturbed, and the shim's log holds this.
gets() {
	local timers=$1 log=$2 conf=$3
	needs_python
	shift 3
	observe
	[ "$(cat out err timers; echo "$ended")" = "$(printf 'right\nwrong\n%s\n7' "$UNTOUCHED")" ] ||
		fail "control: $(cat out err timers), $ended"
	rm -f report
	observe "$@" env "KASHIM_CONF=$conf" "LD_PRELOAD=$SHIM" "KASHIM_LOG=$PWD/report"
	[ "$(cat out err)" = "$(printf 'right\nwrong')" ] || fail "output: $(cat out err)"
	[ "$ended" -eq 7 ] || fail "exit status $ended"
	[ "$(cat timers)" = "$timers" ] || fail "timers: $(cat timers)"
	grep -q "$log" report || fail "the log has no \"$log\": $(cat report)"
}

ten_errors() {
	cat <<-'END'
		defaults: { idle = 0; interva1 = 15; count = 128; mode = "perhaps"; };
		rules = (
			{ program = 7; idle = "1 fortnight"; },
			{ remote = "300.1.2.3"; profile = "no-such"; },
			{ remote_port = "99999"; user = "nobody-by-that-name"; }
		);
	END
}

@test "a program runs untouched with a configuration that has ten errors" {
	ten_errors >bad.conf
	gets "$UNTOUCHED" bad.conf "$PWD/bad.conf"
	run "$ROOT/build/kashim" check bad.conf
	[ "$status" -eq 1 ]
	[ "$(grep -c '^bad.conf:[0-9]*: ' <<<"$output")" -eq 10 ] || fail "$output"
}

@test "a program runs untouched with a configuration that has no syntax at all" {
	head -c 3000 "$SHIM" >bad.conf
	gets "$UNTOUCHED" bad.conf "$PWD/bad.conf"
}

@test "a program runs untouched with a configuration that is missing" {
	gets "$UNTOUCHED" none.conf "$PWD/none.conf"
}

@test "a program runs untouched with a configuration whose directory is missing, too" {
	gets "$UNTOUCHED" none.conf "$PWD/no/where/none.conf"
}

@test "an empty file is a valid configuration" {
	: >empty.conf
	needs_python
	observe env "KASHIM_CONF=$PWD/empty.conf" "LD_PRELOAD=$SHIM" "KASHIM_LOG=$PWD/report"
	[ "$(cat timers)" = 1/60/10/6 ] || fail "$(cat timers)"
	[ ! -e report ] || fail "$(cat report)"
}

@test "a program runs untouched when the configuration includes itself, a directory or nothing" {
	local what
	for what in bad.conf . nothing.conf; do
		printf '@include "%s"\n' "$what" >bad.conf
		gets "$UNTOUCHED" bad.conf "$PWD/bad.conf"
	done
}

@test "a program runs untouched when a drop-in has an error" {
	mkdir k.conf.d
	echo 'rules = ( { program = 7; } );' >k.conf.d/50-bad.conf
	rm k.policy
	gets "$UNTOUCHED" 50-bad.conf:1 "$PWD/k.conf"
}

@test "a variable with an error leaves the configuration in force" {
	gets "$POLICY" 'KASHIM is ignored' "$PWD/k.conf" env KASHIM=idle=soon
}

@test "the last good policy holds when the text breaks" {
	ten_errors >k.conf
	gets "$POLICY" k.conf "$PWD/k.conf"
}

@test "the last good policy holds when the text is a pipe that nobody writes to" {
	rm k.conf
	mkfifo k.conf
	gets "$POLICY" 'is not a regular file' "$PWD/k.conf"
}

# A shim beside a kashim that never ends.
hanging_compiler() {
	mkdir beside
	cp "$SHIM" beside
	printf '#!/bin/sh\necho $$ >%s/compiler\nexec sleep 3600\n' "$PWD" >beside/kashim
	chmod 755 beside/kashim
	SHIM=$PWD/beside/libkashim.so
}

# For how long the child is waited for at most is counted in tests/hostile.
@test "the last good policy holds when the text hangs" {
	ten_errors >k.conf
	hanging_compiler
	gets "$POLICY" 'could not be compiled in time' "$PWD/k.conf"
	[ ! -s children ] || fail "a child is there: $(cat children)"
	wait_for is_gone "$(cat compiler)"
}

@test "a text that was mended is in force at once" {
	ten_errors >k.conf
	gets "$POLICY" k.conf "$PWD/k.conf"
	printf 'defaults: { idle = 44; interval = 11; count = 5; };\n' >k.conf
	observe env "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$SHIM"
	[ "$(cat timers)" = 1/44/11/5 ] || fail "$(cat timers)"
}
