# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests that play a terminal session again, see tests/lib/session.

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	[ -x "$ROOT/build/tests/play" ] || fail "build first: make all build/tests/play"
}

fail() {
	printf '%s\n' "$*"
	return 1
}

# The session in this file prints what stands there, but for what the filter, a command, takes out of both.
plays_again() {
	local session=$1 filter=$2 status=0
	"$ROOT/tests/lib/session" <"$session" >played 2>stage 3>&- || status=$?
	[ "$status" -ne 77 ] || skip "no namespaces to be had: $(head -n 1 stage)"
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat stage played)"
	diff -u <("$filter" "$session") <("$filter" played)
}
