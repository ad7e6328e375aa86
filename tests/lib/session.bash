# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests that play a terminal session again, see tests/lib/session.

# shellcheck source=tests/lib/basics.bash
. "$(dirname "${BASH_SOURCE[0]}")/basics.bash"

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	[ -x "$TOOLS/play" ] || fail "build first: make all build/tests/play"
	needs namespaces overlay static-cc retransmit-max
}

# The session in this file prints what stands there, but for what the filter, a command, takes out of both.
plays_again() {
	local session=$1 filter=$2 status=0
	"$ROOT/tests/lib/session" <"$session" >played 2>stage 3>&- || status=$?
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat stage played)"
	diff -u <("$filter" "$session") <("$filter" played)
}
