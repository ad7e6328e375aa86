#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Whatever there is in place of kashim, and whatever it does: the program prints what it prints without the shim, ends
# the same way, long before the child would have, and nothing is left behind.

load ../lib/live
load ../lib/play
load ../lib/harmless

# A shim in a directory of this name with this script beside it. The text was never compiled.
beside() {
	rm -f k.policy
	mkdir "$1"
	cp "$ROOT/build/libkashim.so" "$1"
	SHIM=$PWD/$1/libkashim.so
	printf '#!/bin/sh\necho $$ >%s/pid\n%s\n' "$PWD/$1" "$2" >"$1/kashim"
	chmod 755 "$1/kashim"
}

# start_beside NAME SCRIPT, in the background, since the child may have to be given up. For harmless a run hangs when it takes
# a minute, for the children it is an hour.
start_beside() {
	beside "$@"
	KASHIM_LOG=$PWD/$1/report harmless --calls 0 -- "$ROOT/build/tests/traced_calls" socket >"$1/result" &
	waiting+=("$!")
}

all_end() {
	local pid
	for pid in "${waiting[@]}"; do
		wait "$pid" || fail "$(tail -n 3 ./*/result)"
	done
	while read -r pid; do
		wait_for is_gone "$pid" || fail "it was left behind: $(cat "/proc/$pid/stat")"
	done < <(cat ./*/pid)
}

says() {
	grep -q "$2" "$1/report" || fail "the log of $1 has no \"$2\": $(cat "$1/report")"
}

@test "a child that cannot be executed is let go" {
	needs_python
	beside tree ''
	for kind in nothing directory fifo dangling loop zeros; do
		put "$kind" tree/kashim
		chmod 755 tree/kashim 2>/dev/null || :
		harmless
	done
}

# shellcheck disable=SC2016 # the script beside the shim expands it
@test "a child that hangs is let go" {
	local waiting=()
	needs_python
	cp k.policy policy
	start_beside hangs 'exec sleep 3600'
	start_beside stops 'kill -STOP $$'
	start_beside begins "head -c 100 policy; exec sleep 3600"
	start_beside talks 'exec yes "$(head -c 4000 /dev/zero | tr "\0" y)"'
	start_beside kills 'kill -KILL $PPID; sleep 3600'
	all_end
	says hangs 'could not be compiled in time'
	says stops 'could not be compiled in time'
	says begins 'is damaged'
	says talks yyyyyyyy
}

# What it waits with is poll(2): no single wait is longer than the rest of two and a half seconds.
@test "a child that hangs is waited for two seconds and a half at most" {
	local waits
	needs strace
	needs_python
	beside hangs 'exec sleep 3600'
	in_scene strace -f -qq -o trace -e trace=poll,ppoll -E "KASHIM_CONF=$PWD/k.conf" -E "LD_PRELOAD=$SHIM" \
		"$ROOT/build/tests/traced_calls" socket >/dev/null 2>&1
	waits=$(sed -n 's/.*poll(.*POLLIN[^)]*, \([0-9]*\)).*/\1/p' trace)
	[ -n "$waits" ] || fail "control: it does not wait: $(cat trace)"
	[ "$(sort -n <<<"$waits" | tail -n 1)" -le 2500 ] || fail "$(cat trace)"
}

# shellcheck disable=SC2016 # the same
@test "a child that ends without a word, with a wrong or a strange one is let go" {
	local waiting=() say number=0
	needs_python
	cp k.policy policy
	for say in true false 'kill -SEGV $$' echo 'head -c 100000 /dev/urandom' 'head -c 9000000 /dev/zero' 'head -c 200 policy' \
		'cat policy policy' "cat $SHIM" 'exec >&- 2>&-' 'printf "\177"' 'printf "%9000s\n"'; do
		number=$((number + 1))
		start_beside "$number" "$say"
		all_end
		says "$number" 'traced_calls: '
	done
}
