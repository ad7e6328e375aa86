# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests that play a scene of single network calls: build/tests/play makes them, and what its sockets then have is
# read from outside of it. Loaded after live.bash.

PLAY=$ROOT/build/tests/play
ONE_SOCKOPT=$ROOT/build/tests/one_sockopt

# The policy that is in force from now on; it says in a file what it decides.
policy() {
	cat >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	wrap env KASHIM_VERBOSE=1 "KASHIM_LOG=$PWD/verbose"
}

# Make these calls, under the shim when WITH says so, and wait until they are made.
play() {
	PLAYED=("$@")
	play_with "$PLAY" "$@"
}

play_with() {
	case $* in *' socket inet6'*) needs ipv6 ;; esac
	end_scene
	rm -f log verbose
	start "$@"
	wait_for is_played || fail "$(cat log)"
	not grep -E '^play: |not permitted$' log
}

is_played() {
	grep -qx ready log 2>/dev/null
}

# The last scene once more, without the shim.
play_without() {
	local wrapped=("${WITH[@]}")
	unwrap
	play "${PLAYED[@]}"
	WITH=("${wrapped[@]}")
}

fd_of() {
	sed -n "s/^slot $1 //p" log
}

# What sockopts says of one socket.
line_of() {
	"$SOCKOPTS" "$PID" | grep "^fd=$(fd_of "$1") "
}

word_of() {
	local line
	line=$(line_of "$1")
	line=${line#* "$2"=}
	echo "${line%% *}"
}

# Sockets and what they have: a 1/33/11/5 b 0/7200/75/9
have() {
	local timers
	while [ $# -gt 0 ]; do
		timers=$(word_of "$1" keepalive)/$(word_of "$1" idle)/$(word_of "$1" interval)/$(word_of "$1" count)
		[ "$timers" = "$2" ] || fail "$1 has $timers, not $2: $("$SOCKOPTS" "$PID")" || return
		shift 2
	done
}

# One option of a socket of any family.
option_of() {
	"$ONE_SOCKOPT" "$PID" "$(fd_of "$1")" "$2"
}

has_option() {
	local value
	value=$(option_of "$1" "$2")
	[ "$value" = "$3" ] || fail "$2 of $1 is $value, not $3"
}

# The control: played without the shim, sockets have nothing of a policy.
untouched_without() {
	local socket
	play_without
	for socket; do
		have "$socket" "$UNTOUCHED" || fail "control" || return
	done
}

compiler() {
	case "$*" in
	*-m32*) needs 32-bit ;;
	*-static*) needs static-cc ;;
	*) needs cc ;;
	esac
	"${CC:-cc}" "$@" 2>cc.log || skip "cannot be built here: $(head -n 1 cc.log)"
}

build_static() {
	compiler -static -D_GNU_SOURCE -o static "$ROOT/tests/lib/inside/play.c"
	not grep -q INTERP <(readelf -l static)
}

# A Go program in program.go, which listens at an address, connects to it and accepts.
needs_go() {
	needs go
	export GOCACHE=$BATS_RUN_TMPDIR/go-cache GOFLAGS=-buildvcs=false GO111MODULE=off GOPATH=$PWD GOTOOLCHAIN=local
	cat >program.go <<-'END'
		package main

		import (
			"fmt"
			"net"
			"os"
			"time"
		)

		func main() {
			listener, err := net.Listen("tcp", os.Args[1])
			if err == nil {
				_, err = net.Dial("tcp", os.Args[1])
			}
			if err == nil {
				_, err = listener.Accept()
			}
			fmt.Println(err)
			fmt.Println("ready")
			time.Sleep(time.Minute)
		}
	END
}
