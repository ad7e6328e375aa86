# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests of programs that make sockets in a strange way, or are strange themselves. Loaded after live.bash. MAKE_SOCKETS may
# become another build of the same program.

MAKE_SOCKETS=$ROOT/build/tests/make_sockets
EARLY_SOCKETS=$ROOT/build/tests/early_sockets

needs_helpers() {
	local helper
	for helper in "$MAKE_SOCKETS" "$EARLY_SOCKETS"; do
		[ -x "$helper" ] || fail "build first: make build/tests/$(basename "$helper")" || return
	done
}

# Under the shim a process has so many descriptors of TCP sockets, and each carries the policy. Without, it has just
# as many, and none does.
expect() {
	local count=$1 pid=$2 timers=$UNTOUCHED
	[ ${#WITH[@]} -eq 0 ] || timers=${3:-$POLICY}
	wait_for holds "$count" "$pid" || fail "not $count: $(sockets_of "$pid")" || return
	[ "$count" = 0 ] || wait_for all_are "$timers" "$pid" || fail "not $timers: $(sockets_of "$pid")"
}

holds() {
	[ "$(timers_of "$2" 2>/dev/null | wc -l)" = "$1" ]
}

log_says() {
	wait_for grep -qx "$1" log
}

# Run it until it is ready.
call() {
	: >log
	start "$MAKE_SOCKETS" "$@"
	log_says ready
}

makes() {
	local count=$1
	shift
	call "$@"
	expect "$count" "$PID"
}

# A way to make sockets, and how many it makes.
way() {
	needs_helpers
	under_the_shim_and_without makes "$@"
}
