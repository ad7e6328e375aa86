#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The terminal sessions in README and manual: each is played again, and prints to the letter what stands there. To write
# one, put the commands behind a "session" comment, and copy what this test says is missing.

load ../lib/session

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
	[ "$(grep -c '^\$ ' expected)" -ge "$1" ] || fail "no session is found: $(cat expected)"
	plays_again expected without_clock
}

@test "the sessions in the README print what stands there" {
	readme_session >expected
	is_true 7
}

@test "the sessions in kashim(1) print what stands there" {
	manual_session >expected
	is_true 11
}
