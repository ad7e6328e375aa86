#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Whatever there is in place of kashim, and whatever it does: the program prints what it prints without the shim, ends
# the same way, after two seconds at most, or two and a half where the child is stopped, and nothing is left behind.

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

# start_beside SECONDS NAME SCRIPT, in the background, since the child may have to be given up.
start_beside() {
	local seconds=$1
	shift
	beside "$@"
	KASHIM_LOG=$PWD/$1/report harmless --within "$seconds" -- "$ROOT/build/tests/traced_calls" socket >"$1/result" &
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

@test "it cannot be executed" {
	needs_python
	beside tree ''
	for kind in nothing directory fifo dangling loop zeros; do
		put "$kind" tree/kashim
		chmod 755 tree/kashim 2>/dev/null || :
		harmless
	done
}

# shellcheck disable=SC2016 # the script beside the shim expands it
@test "it hangs" {
	local waiting=()
	needs_python
	cp k.policy policy
	start_beside 2.3 hangs 'exec sleep 60'
	start_beside 2.7 stops 'kill -STOP $$'
	start_beside 2.3 begins "head -c 100 policy; exec sleep 60"
	start_beside 2.3 talks 'exec yes "$(head -c 4000 /dev/zero | tr "\0" y)"'
	start_beside 2.3 kills 'kill -KILL $PPID; sleep 60'
	all_end
	says hangs 'could not be compiled in time'
	says stops 'could not be compiled in time'
	says begins 'is damaged'
	says talks yyyyyyyy
}

# shellcheck disable=SC2016 # the same
@test "it ends without a word, with a wrong one, with a strange one" {
	local waiting=() say number=0
	needs_python
	cp k.policy policy
	for say in true false 'kill -SEGV $$' echo 'head -c 100000 /dev/urandom' 'head -c 9000000 /dev/zero' 'head -c 200 policy' \
		'cat policy policy' "cat $SHIM" 'exec >&- 2>&-' 'printf "\177"' 'printf "%9000s\n"'; do
		number=$((number + 1))
		start_beside 0.1 "$number" "$say"
		all_end
		says "$number" 'traced_calls: '
	done
}
