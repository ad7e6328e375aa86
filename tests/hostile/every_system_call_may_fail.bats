#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Each system call of the shim, and of the children that compile the text for it, is made to fail with each plausible error,
# one at a time: the program prints what it prints without the shim, its calls have the same results and descriptors, and it
# ends the same way, without waiting for a clock to let it go on.

load ../lib/live
load ../lib/play

# Without the scene's namespace: nothing listens at port 1 of this host.
survive() {
	local mode=$1
	shift
	needs_python
	[ "$(uname -m)" = x86_64 ] || skip "only written for x86-64"
	"$PYTHON" "$ROOT/tests/lib/outside/faults.py" "$mode" "$SHIM" "$@" >cases 2>&1 || fail "$(cat cases)"
	echo "# $(tail -n 1 cases)" >&3
}

survives() {
	local setting
	for setting in "KASHIM_CONF=$PWD/k.conf" "$@"; do
		export "${setting?}"
	done
	survive shim "$PLAY" 'a socket inet' 'b socket unix' 'c socket udp' 'd socket inet6' 'a connect 127.0.0.1 1' 'd close' \
		'e socket inet' exec /bin/echo end
}

# What a program sees of its children, its signals and its descriptors.
child_may() {
	rm -f k.policy
	export KASHIM_CONF=$PWD/k.conf KASHIM_LOG=$PWD/report
	# shellcheck disable=SC2016 # for perl
	survive "$1" "$(command -v perl)" -e '
		$| = 1;
		print "children ", waitpid(-1, 0x40000001), " $!\n";
		open $status, "<", "/proc/self/status";
		print grep /^(Sig[PBIC]|Shd|Threads)/, <$status>;
		close $status;
		opendir $directory, "/proc/self/fd";
		print "descriptors ", join(" ", sort readdir $directory), "\n";
		closedir $directory;
		socket $socket, 2, 1, 0;
		print "socket ", fileno $socket, "\n";
		print STDERR "end\n";
		exit 7;'
	grep -q k.conf report || fail "control: no fault had any effect"
}

@test "every system call may fail in mode tighten" {
	survives
}

@test "every system call may fail in suggest with rules for arguments, users and connections" {
	policy <<-'END'
		defaults: { idle = 33; mode = "suggest"; };
		rules = ( { program = "sshd"; mode = "off"; }, { argument = "xyz"; idle = 7; }, { user = 7; idle = 9; },
			{ remote = "127.0.0.0/8"; idle = 5; } );
	END
	survives
}

@test "every system call may fail while each socket is reported" {
	survives KASHIM_VERBOSE=1 "KASHIM_LOG=$PWD/report"
	grep -q 'idle 33 s' report
}

@test "every system call may fail while a child compiles the text" {
	rm k.policy
	survives KASHIM_LOG=none
}

@test "every system call may fail where there is no configuration" {
	survives KASHIM_CONF=
}

@test "the children that compile may fail, crash and be killed" {
	child_may child
}

@test "the children that compile may stop for good" {
	child_may slow
}
