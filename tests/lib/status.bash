# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests of kashim status and kashim apply. Loaded after play.bash.

COMMAND=$ROOT/build/kashim

# From outside of the scene's network namespace, with the test's own configuration.
kashim() {
	env KASHIM_CONF="$PWD/k.conf" "$COMMAND" "$@"
}

# What status says of a process, or of PID, in status.json and as a table in status.txt, is what sockopts sees.
status_agrees() {
	local pid=${1:-$PID}
	kashim status --json "$pid" >status.json 2>err || fail "$(cat err)" || return
	[ ! -s err ] || fail "on stderr: $(cat err)" || return
	kashim status "$pid" >status.txt
	"$SOCKOPTS" "$pid" >seen
	[ -s seen ] || fail "nothing is seen" || return
	"$PYTHON" "$ROOT/tests/lib/outside/status.py" status.json agree seen || return
	"$PYTHON" "$ROOT/tests/lib/outside/status.py" status.json table status.txt
}

# One value of the last status: of a socket of the scene.
said_of() {
	"$PYTHON" "$ROOT/tests/lib/outside/status.py" status.json get "$(fd_of "$1")" "$2"
}

status_says() {
	local said
	said=$(said_of "$1" "$2")
	[ "$said" = "$3" ] || fail "$2 of $1 is $said, not $3"
}

# Only root learns the kernel's defaults in another network namespace; who is not stays in the own one.
needs_known_defaults() {
	# shellcheck disable=SC2034 # live.bash uses it
	[ "$(id -u)" = 0 ] || SCENE=()
}

# Exit status, and what stands on stderr.
ends() {
	local expected=$1 pattern=$2 status=0
	shift 2
	"$@" >out 2>err || status=$?
	[ "$status" -eq "$expected" ] || fail "exit status $status, not $expected: $(cat out err)" || return
	[ -z "$pattern" ] || grep -qE -e "$pattern" err || fail "stderr has no \"$pattern\": $(cat err)"
}

# A program of one's own at this path, made from play.c: its name is what rules and people know it by.
program_named() {
	cp "$PLAY" "$1"
}

# Sockets in many states: a listens; c is connected to b; d waits for a close; e was closed by its peer. Those that stay are
# in OPEN.
many_states() {
	take_port
	# shellcheck disable=SC2034 # for the tests
	MANY=('a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c connect 127.0.0.1 $PORT" 'b accept a'
		'd socket inet' "d connect 127.0.0.1 $PORT" 'e accept a' 'd close' 'f socket inet')
	# shellcheck disable=SC2034 # for the tests
	OPEN=(a b c e f)
	[ -n "$(lack_of ipv6)" ] || MANY+=('g socket inet6') OPEN+=(g)
}
