#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Each system call of the shim is made to fail with each plausible error, one at a time: the program prints what it prints
# without the shim, its calls have the same results and descriptors, and it ends the same way.

load ../lib/live
load ../lib/play

# Under strace, without the scene's namespace: nothing listens at port 1 of this host.
survives() {
	needs strace
	needs_python
	strace -o /dev/null true || skip "strace may not trace here"
	env KASHIM_CONF="$PWD/k.conf" "$@" "$PYTHON" "$ROOT/tests/lib/faults.py" "$SHIM" "$PLAY" 'a socket inet' 'b socket unix' \
		'c socket udp' 'd socket inet6' 'a connect 127.0.0.1 1' 'd close' 'e socket inet' exec /bin/echo end >cases 2>&1 ||
		fail "$(cat cases)"
	echo "# $(tail -n 1 cases)" >&3
}

@test "force" {
	survives
}

@test "suggest, with rules for arguments, users and connections" {
	policy <<-'END'
		defaults: { idle = 33; mode = "suggest"; };
		rules = ( { program = "sshd"; mode = "off"; }, { argument = "xyz"; idle = 7; }, { user = 7; idle = 9; },
			{ remote = "127.0.0.0/8"; idle = 5; } );
	END
	survives
}

@test "a report for each socket" {
	survives KASHIM_VERBOSE=1 "KASHIM_LOG=$PWD/report"
	grep -q 'idle 33 s' report
}

@test "the text is compiled by a child" {
	rm k.policy
	survives KASHIM_LOG=none
}

@test "no configuration" {
	survives KASHIM_CONF=
}
