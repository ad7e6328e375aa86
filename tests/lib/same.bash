# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests whose program prints what its calls return: with the shim and without, and while the shim reports each socket,
# it prints the same, byte for byte. Loaded after live.bash.

BEHIND=

# A library that lies behind the shim from now on, or without it.
behind() {
	BEHIND=$1
}

# A topic of a program of the tests or at a path, what the reports have to say to show that the shim was there, and the fewest lines.
same_output() {
	local program=$ROOT/build/tests/$1
	[ "${1#/}" = "$1" ] || program=$1
	local command=("$program" "$2") decided=${3:-idle 33 s,.*mode tighten}
	run_to without env ${BEHIND:+"LD_PRELOAD=$BEHIND"}
	[ "$(wc -l <without)" -ge "${4:-10}" ] || fail "control: $(cat without)" || return
	run_to with "${WRAPPED[@]}" "LD_PRELOAD=$SHIM${BEHIND:+:$BEHIND}"
	run_to reported "${WRAPPED[@]}" KASHIM_VERBOSE=1 KASHIM_LOG="$PWD/decisions" "LD_PRELOAD=$SHIM${BEHIND:+:$BEHIND}"
	grep -q "$decided" decisions || fail "control: the shim was not there" || return
	rm decisions
	cat with reported >both
	diff <(cat without without) both >difference || fail "with the shim (>): $(head -n 20 difference)"
}

# How it ends counts, too.
run_to() {
	local output=$1 status=0
	shift
	in_scene timeout -k 1 "$PATIENCE" "$@" "${command[@]}" >"$output" 2>&1 || status=$?
	echo "exit status $status" >>"$output"
}
