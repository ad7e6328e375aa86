#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A configuration that was never compiled is compiled by a child of the program's, before its main. The program has no
# child to wait for, no signal, no descriptor and no setting from it.

load ../lib/live

# What a program can see of itself, and then, that the text was in force.
see() {
	"${SCENE[@]}" "$@" "$PYTHON" -c '
import os, resource, signal, socket
def show(*words):
	print(*words, flush=True)
try:
	show("children", os.waitpid(-1, os.WNOHANG | 0x40000000))
except ChildProcessError:
	show("no children")
show("pending", signal.sigpending())
descriptors = [entry for entry in sorted(os.listdir("/proc/self/fd"), key=int)]
show("descriptors", descriptors)
for line in open("/proc/self/status"):
	if line.startswith(("SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "Threads", "Umask", "NoNewPrivs", "Seccomp", "Cap")):
		show(line.rstrip())
show("directory", os.getcwd(), "group", os.getpgrp() == os.getpid(), os.getsid(0))
show("alarm", signal.getitimer(signal.ITIMER_REAL))
show("handlers", signal.getsignal(signal.SIGCHLD), signal.getsignal(signal.SIGALRM))
import ctypes
flag = ctypes.c_int()
ctypes.CDLL(None).prctl(37, ctypes.byref(flag))
show("subreaper", flag.value)
show("idle", socket.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE))'
}

# Before it becomes the program, a process may be in an unusual state, which the program has from the start.
in_state() {
	local python_code=$1
	shift
	"$PYTHON" -c "
import os, signal, sys, resource, ctypes
$python_code
os.execvp(sys.argv[1], sys.argv[1:])" "$@"
}

same() {
	needs_python
	rm k.policy
	SCENE+=("$@")
	see >without
	[ "$(tail -n 1 without)" = "idle 7200" ] || fail "control: $(cat without)"
	see "${WRAPPED[@]}" >with
	[ "$(tail -n 1 with)" = "idle 33" ] || fail "the text was not in force: $(tail -n 1 with)"
	diff <(grep -v ^idle without) <(grep -v ^idle with)
	[ ! -e k.policy ]
}

same_in_state() {
	needs_python
	export PYTHON
	export -f in_state
	# shellcheck disable=SC2016 # for the shell in between
	same bash -c 'in_state "$0" "$@"' "$1"
}

@test "compiling the text leaves no child, no signal and no descriptor" {
	same
	grep -qx 'no children' with
}

@test "compiling the text leaves no pending SIGCHLD where it is blocked" {
	same_in_state 'signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])'
	grep -qx 'pending set()' with
	grep '^SigBlk:' with | grep -q '1....$'
}

@test "compiling the text works where SIGCHLD is ignored" {
	same_in_state 'signal.signal(signal.SIGCHLD, signal.SIG_IGN)'
}

@test "compiling the text works where all signals are blocked" {
	same_in_state 'signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())'
}

@test "compiling the text leaves a subreaper no child" {
	same_in_state 'ctypes.CDLL(None).prctl(36, 1)'
	grep -qx 'subreaper 1' with
}

@test "compiling the text leaves an alarm running" {
	needs_python
	rm k.policy
	in_state 'signal.alarm(300)' "${WRAPPED[@]}" "$PYTHON" -c '
import signal, socket
print("idle", socket.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE))
print("alarm", 290 < signal.getitimer(signal.ITIMER_REAL)[0] <= 300)' >with
	[ "$(cat with)" = "$(printf 'idle 33\nalarm True')" ] || fail "$(cat with)"
}

@test "compiling the text works where standard input, output and error are closed" {
	needs_python
	rm k.policy
	for closed in '<&-' '>&-' '2>&-' '<&- >&-' '>&- 2>&-' '<&- 2>&-' '<&- >&- 2>&-'; do
		for with in yes no; do
			[ "$with" = no ] || set -- "${WRAPPED[@]}"
			# shellcheck disable=SC2016 # for the shell that closes them
			bash -c 'unset BASH_XTRACEFD; exec 3>&- '"$closed"'; exec "$@"' bash "$@" "$PYTHON" -c '
import os, socket, sys
descriptors = os.listdir("/proc/self/fd")
sock = socket.socket()
with open(sys.argv[1], "w") as file:
	print(descriptors, sock.fileno(), sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE), file=file)' "$with"
			set --
		done
		[ "$(sed 's/ 33$/ 7200/' yes)" = "$(cat no)" ] || fail "$closed: $(cat yes no)"
		grep -q ' 33$' yes || fail "$closed: $(cat yes)"
	done
}

@test "compiling the text delivers no SIGCHLD to the program" {
	needs strace
	needs_python
	rm k.policy
	strace -o trace -e trace=execve -E "KASHIM_CONF=$PWD/k.conf" -E "LD_PRELOAD=$SHIM" "$PYTHON" -c '
import socket
print(socket.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE))' >idle
	[ "$(cat idle)" = 33 ] || fail "control: no child compiled the text"
	not grep SIGCHLD trace
}

# In place of the command beside the library: it says what it got, and does its work.
@test "the child that compiles the text gets nothing of the shim's, and only the pipe" {
	needs_python
	rm k.policy
	mkdir beside
	cp "$SHIM" beside
	printf '#!/bin/sh\nenv >"%s"\nls -l /proc/self/fd >"%s"\nexec "%s" "$@"\n' \
		"$PWD/environment" "$PWD/descriptors" "$ROOT/build/kashim" >beside/kashim
	chmod 755 beside/kashim
	env MARK=mark KASHIM=idle=55 KASHIM_LOG=none "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$PWD/beside/libkashim.so" \
		"$PYTHON" -c 'import socket; print(socket.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL))' \
		5</dev/zero 6<>quiet 77</dev/zero >interval
	[ "$(cat interval)" = 11 ] || fail "control: no child compiled the text"
	grep -qx MARK=mark environment || fail "control: $(cat environment)"
	not grep -E '^(LD_PRELOAD|KASHIM[A-Z_]*)=' environment
	not grep -E ' (5|6|77) -> |zero|quiet' descriptors
	[ "$(grep -c 'pipe:' descriptors)" -ge 1 ] || fail "control: $(cat descriptors)"
}

@test "nothing is compiled where the compiled policy is current" {
	needs strace
	needs_python
	strace -f -qq -o trace -e trace=clone,clone3,fork,vfork -E "KASHIM_CONF=$PWD/k.conf" -E "LD_PRELOAD=$SHIM" "$PYTHON" -c '
import socket
print(socket.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE))' | grep -qx 33
	[ ! -s trace ] || fail "$(cat trace)"
}

first_process() {
	local enter=(unshare --pid --fork --mount-proc)
	needs process-namespaces
	needs_python
	[ "$(id -u)" = 0 ] || enter=(unshare --user --map-current-user --pid --fork --mount-proc)
	"${enter[@]}" "${WRAPPED[@]}" "$PYTHON" -c '
import os, socket
print("process", os.getpid())
print("processes", [entry for entry in os.listdir("/proc") if entry.isdigit()])
try:
	print(os.waitpid(-1, os.WNOHANG | 0x40000000))
except ChildProcessError:
	print("no children")
print("idle", socket.socket().getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE))' >output
}

@test "compiling the text leaves the first process of a namespace no child" {
	rm k.policy
	first_process
	[ "$(cat output)" = "$(printf '%s\n' 'process 1' "processes ['1']" 'no children' 'idle 33')" ] || fail "$(cat output)"
}

@test "the first process of a namespace runs when the text hangs" {
	rm k.policy k.conf
	mkfifo k.conf
	export KASHIM_LOG=$PWD/report
	first_process
	grep -q k.conf report || fail "control: the shim was not there"
	[ "$(cat output)" = "$(printf '%s\n' 'process 1' "processes ['1']" 'no children' 'idle 7200')" ] || fail "$(cat output)"
}
