#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# golden/messages is a terminal session in which every message of every program is provoked: to be read by people, who
# judge whether each names what is wrong, where, what is allowed and what to do. It is played again here, and so is
# golden/help, which is what the command says of itself. To write one anew: tests/lib/session <FILE >NEW.

load ../lib/session

GOLDEN=$BATS_TEST_DIRNAME/golden

# Process numbers in reports, and how long the kernel still waits, depend on the day.
without_clock() {
	sed -E -e 's/^kashim\[[0-9]+\]/kashim[PID]/' -e 's/( (off|1m5s) +)[0-5]s( |$)/\15s\3/' "$1"
}

@test "each message is printed as golden/messages has it" {
	[ "$(id -u)" = 0 ] || skip "some of them only root gets"
	needs pidfd_getfd other-users
	plays_again "$GOLDEN/messages" without_clock
}

@test "each help text is printed as golden/help has it" {
	plays_again "$GOLDEN/help" cat
}

@test "the programs have no message that the golden files do not know" {
	command -v python3 >/dev/null || skip "python3 is not installed"
	cd "$ROOT"
	python3 tests/lib/outside/messages.py tests/live/golden/messages tests/live/golden/help scripts/kashim-measure.1 tests/live/golden/messages_unseen
}
