#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The terminal sessions in README and manual: each is played again, and prints to the letter what stands there. To write
# one, put the commands behind a "session" comment, and copy what this test says is missing.

ROOT=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	[ -x "$ROOT/build/tests/play" ] || fail "build first: make all build/tests/play"
}

fail() {
	printf '%s\n' "$*"
	return 1
}

# Of the README the indented lines behind the comment.
readme_session() {
	awk '/^<!-- session -->$/ { on = 1; next }
		on && /^[^ ]/ { exit }
		on' "$ROOT/README.md" | sed -e 's/^    //' -e :a -e '/^\n*$/{$d;N;ba' -e '}'
}

# Of the manual the display behind the comment.
manual_session() {
	awk '/^\.\\" session$/ { on = 1; next }
		on && /^\.Bd / { inside = 1; next }
		/^\.Ed$/ { on = inside = 0 }
		inside' "$ROOT/scripts/kashim.1" | sed 's/\\e/\\/g'
}

# How long the kernel still waits depends on how fast this is.
without_clock() {
	sed -E 's/ +1(40|3[0-9])s  no shim$/  140s  no shim/' "$1"
}

is_true() {
	local status=0
	[ "$(grep -c '^\$ ' expected)" -ge "$1" ] || fail "no session is found: $(cat expected)"
	"$ROOT/tests/lib/session" <expected >played 2>stage 3>&- || status=$?
	[ "$status" -ne 77 ] || skip "no namespaces to be had: $(head -n 1 stage)"
	[ "$status" -eq 0 ] || fail "exit status $status: $(cat stage played)"
	diff -u <(without_clock expected) <(without_clock played)
}

@test "README" {
	readme_session >expected
	is_true 8
}

@test "kashim(1)" {
	manual_session >expected
	is_true 10
}
