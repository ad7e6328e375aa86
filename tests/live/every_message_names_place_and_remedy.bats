#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# golden/messages is a terminal session in which every message of every program is provoked: to be read by people, who
# judge whether each names what is wrong, where, what is allowed and what to do. It is played again here.

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
GOLDEN=$BATS_TEST_DIRNAME/golden

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	[ -x "$ROOT/build/tests/play" ] || fail "build first: make all build/tests/play"
}

fail() {
	printf '%s\n' "$*"
	return 1
}

# Process numbers in reports, and how long the kernel still waits, depend on the day.
without_clock() {
	sed -E -e 's/^kashim\[[0-9]+\]/kashim[PID]/' -e 's/( off +)[45]s( |$)/\15s\2/' "$1"
}

@test "the messages are as they were" {
	local status=0
	[ "$(id -u)" = 0 ] || skip "some of them only root gets"
	"$ROOT/tests/lib/session" <"$GOLDEN/messages" >played 2>stage 3>&- || status=$?
	[ "$status" -ne 77 ] || skip "no namespaces to be had: $(head -n 1 stage)"
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat stage)"
	diff -u <(without_clock "$GOLDEN/messages") <(without_clock played)
}

@test "there are no others" {
	command -v python3 >/dev/null || skip "python3 is not installed"
	cd "$ROOT"
	python3 tests/lib/messages.py tests/live/golden/messages tests/live/golden/messages_unseen
}
