#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A report is rather lost than that it waits, ends the program, raises a signal or is written to the wrong place, wherever
# reports go and whatever has become of that place. Where all is well, it arrives.

load ../lib/live

PLACES=$ROOT/tests/lib/outside/places.py
REPORTER=$ROOT/tests/lib/inside/reporter.py

# Reports go LOG, and the program is to make so many TCP sockets.
reports() {
	needs_python
	LOG=$1 SOCKETS=${2:-2}
	MOUNTS=()
}

# The reporter with its standard error or system log at a place: with the shim it prints and ends as without, and in time.
# In front of it may stand a command.
at() {
	local place=$1 change=$2
	shift 2
	command=("$@" "$PYTHON" -IS "$REPORTER" "$SOCKETS" ${change:+"$change"})
	in_scene "${MOUNTS[@]}" "$PYTHON" -IS "$PLACES" "$place" "${command[@]}" >without
	grep -q '^exit status 0' without || fail "control: $(cat without)" || return
	[ ! -s arrived ] || fail "control: $(cat arrived)" || return
	in_scene "${MOUNTS[@]}" "$PYTHON" -IS "$PLACES" "$place" "${WRAPPED[@]}" KASHIM_VERBOSE=1 ${LOG:+"KASHIM_LOG=$LOG"} \
		"${command[@]}" >with
	diff without with || fail "$place $*"
}

lines_in() {
	grep -ac 'kashim\[[0-9]*\]: python.*: socket [0-9]*: idle 33 s, .*mode tighten, .*by .*:1$' "$1" || :
}

arrives() {
	at "$@"
	[ "$(lines_in arrived)" = "$SOCKETS" ] || fail "not all of it: $(cat arrived)"
}

is_lost() {
	at "$@"
	[ ! -s arrived ] || fail "it arrived: $(cat arrived)"
}

@test "reports arrive on a standard error that is a pipe, a file or a terminal" {
	reports stderr
	for place in pipe file terminal; do
		arrives "$place" ''
	done
}

@test "reports are lost on a standard error that is a full pipe" {
	reports stderr 300
	is_lost pipe-full ''
}

@test "reports are whole or lost in a pipe that becomes full" {
	reports stderr 900
	at pipe ''
	[ "$(lines_in arrived)" -gt 100 ]
	[ "$(lines_in arrived)" = "$(wc -l <arrived)" ] || fail "in part: $(cat arrived)"
}

@test "reports of a thousand sockets arrive in a file" {
	needs descriptors:1100
	reports stderr 1000
	arrives file ''
}

@test "reports to a closed pipe raise no SIGPIPE, whether it ends, is handled, blocked or pending" {
	reports stderr
	for change in '' default handled blocked pending_in_thread pending; do
		is_lost pipe-closed "$change"
	done
	grep -q 'ShdPnd:.*1000$' with
}

@test "reports to a terminal that nobody reads are lost" {
	reports stderr 900
	is_lost terminal-unread ''
}

@test "reports of a program in the background arrive on its terminal" {
	reports stderr
	arrives terminal-background ''
}

@test "reports are lost when standard error is closed, a socket, or a device that is full" {
	reports stderr
	for place in closed socket device-full device-null; do
		is_lost "$place" ''
	done
}

@test "reports do not go to a file, pipe or peer that has got standard error's number" {
	reports stderr
	for change in data reopened close_all; do
		for place in pipe file closed; do
			is_lost "$place" "$change"
			grep -q '^came: 0' with
		done
	done
	rm data
	for change in pipe counter terminal pair; do
		is_lost pipe "$change"
		grep -q '^came: \[\]' with
	done
	# These make TCP sockets themselves, before they take the number.
	for change in listener peer; do
		at pipe "$change"
		grep -q '^came: \[\]' with
		[ "$(lines_in arrived)" -le 3 ]
	done
}

# Nobody has said where reports go: to standard error where that is a terminal.
@test "reports that nobody asked for go to no other terminal with standard error's number" {
	reports ''
	arrives terminal ''
	for change in terminal pipe counter; do
		is_lost terminal "$change"
	done
	for place in pipe file socket; do
		is_lost "$place" ''
	done
}

@test "reports go to a file, also when standard error is closed" {
	reports "$PWD/report"
	at closed ''
	[ "$(lines_in report)" = 2 ]
	at pipe close_all
	[ "$(lines_in report)" = 4 ]
	[ "$(stat -c %a report)" = 640 ]
}

@test "reports to a full device, a directory, a loop, a socket or nowhere are lost" {
	ln -s loop loop
	reports /dev/full
	at pipe ''
	for LOG in "$PWD" "$PWD/missing/report" "$PWD/loop" "$PWD/k.conf/report"; do
		is_lost pipe ''
	done
	reports "$PWD/bound"
	"$PYTHON" -c 'import socket; socket.socket(socket.AF_UNIX).bind("bound")'
	is_lost pipe ''
}

# What comes to the FIFO while somebody has it open, but does not read.
in_fifo() {
	exec 7<>fifo
	at pipe ''
	exec 8<fifo 7>&-
	cat <&8 >got
	exec 8<&-
}

@test "reports to a FIFO do not wait: without a reader, with a slow one, and until it is full" {
	mkfifo fifo
	reports "$PWD/fifo"
	is_lost pipe ''
	in_fifo
	[ "$(lines_in got)" = 2 ]
	SOCKETS=900
	in_fifo
	[ "$(lines_in got)" -gt 100 ]
	[ "$(lines_in got)" = "$(wc -l <got)" ] || fail "in part: $(cat got)"
}

@test "reports to a file that may not grow raise no signal" {
	reports "$PWD/report"
	: >report
	for change in '' default handled blocked pending_in_thread pending; do
		at pipe "$change" sh -c 'ulimit -f 0; exec "$@"' sh
	done
	[ ! -s report ]
	at pipe pending
	[ "$(lines_in report)" = 2 ] || fail "control: $(cat report)"
}

@test "reports do no harm where no descriptor is left for them" {
	reports "$PWD/report" 3
	at pipe no_descriptor
	[ "$(lines_in report)" = 2 ]
	reports stderr 3
	at pipe no_descriptor
	[ "$(lines_in arrived)" -ge 2 ]
}

needs_mounts() {
	MOUNTS=(unshare --mount)
	[ "$(id -u)" = 0 ] || MOUNTS=(unshare --user --map-root-user --mount)
	in_scene "${MOUNTS[@]}" mount -t tmpfs none /mnt 2>/dev/null || skip "nothing may be mounted here"
}

@test "reports go to the system log as datagrams" {
	reports syslog
	needs_mounts
	arrives log-datagram ''
	arrives log-datagram close_all
	grep -q '<28>kashim' arrived
}

@test "reports are lost when the system log is absent, full, gone or something else" {
	reports syslog 30
	needs_mounts
	for place in absent full gone stream file directory fifo; do
		is_lost "log-$place" ''
	done
}

@test "reports that cannot go to standard error go to the system log" {
	reports stderr
	needs_mounts
	arrives log-datagram close_all
	grep -q '^came: 0' with
	rm data
	for change in pipe counter pair; do
		arrives log-datagram "$change"
		grep -q '^came: \[\]' with
	done
}
