#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# In mode force a program may set what it likes: it is told that it succeeded, and the policy stays. What the policy
# does not set is the program's.

load ../lib/live

# shellcheck disable=SC2034 # live.bash reads it
MODE=force

# A program that sets all it can, on sockets that it made, connected and accepted, and says on which calls it failed.
stubborn() {
	start "$PYTHON" -c '
import sys, time
from socket import *
own = [(SOL_SOCKET, SO_KEEPALIVE, 0), (IPPROTO_TCP, TCP_KEEPIDLE, 500), (IPPROTO_TCP, TCP_KEEPINTVL, 7),
	(IPPROTO_TCP, TCP_KEEPCNT, 2), (IPPROTO_TCP, TCP_NODELAY, 1), (IPPROTO_TCP, TCP_USER_TIMEOUT, 12345)]
def insist(sock):
	for option in own:
		try:
			sock.setsockopt(*option)
		except OSError as error:
			if not (option[1] == TCP_USER_TIMEOUT and int(sys.argv[2]) == 262):
				print("failed", option, error, flush=True)
	return sock
address = ("127.0.0.1", int(sys.argv[1]))
listener = insist(socket(AF_INET, SOCK_STREAM, int(sys.argv[2])))
listener.bind(address)
listener.listen()
client = insist(socket(AF_INET, SOCK_STREAM, int(sys.argv[2])))
client.connect(address)
insist(client)
accepted = insist(listener.accept()[0])
insist(listener)
print("ready", flush=True)
time.sleep(60)' "$PORT" "$1"
	wait_for grep -qx ready log
	not grep failed log
	[ "$(timers_of "$PID" | wc -l)" = 3 ]
	if [ ${#WITH[@]} -gt 0 ]; then
		all_are "$POLICY" "$PID" || fail "$(sockets_of "$PID")"
	else
		all_are 0/500/7/2 "$PID" || fail "control: $(sockets_of "$PID")"
	fi
	[ "$1" = 262 ] || [ "$(sockets_of "$PID" | grep -c ' user_timeout=12345 nodelay=1$')" = 3 ] ||
		fail "what the policy does not set: $(sockets_of "$PID")"
}

@test "force keeps the policy, and options outside of it are the program's" {
	needs_python
	under_the_shim stubborn 0
	end_scene
	: >log
	without_the_shim stubborn 0
}

@test "force keeps the policy on MPTCP sockets" {
	needs mptcp
	needs_python
	under_the_shim stubborn 262
	end_scene
	: >log
	without_the_shim stubborn 262
}

@test "force keeps the user timeout of a policy that has one" {
	needs_python
	printf 'defaults: { mode = "force"; idle = 33; interval = 11; count = 5; user_timeout = 44000; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf
	take_port
	start "$PYTHON" -c '
import time
from socket import *
sock = socket()
sock.setsockopt(IPPROTO_TCP, TCP_USER_TIMEOUT, 12345)
print("ready", flush=True)
time.sleep(60)'
	wait_for grep -qx ready log
	sockets_of "$PID" | grep ' user_timeout=44000 '
}

# The program's own value would hold for a moment if it were set and then put right.
@test "force never hands the program's values to the kernel" {
	needs strace
	needs_python
	local program='
from socket import *
sock = socket()
sock.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0)
sock.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 500)
sock.setsockopt(IPPROTO_TCP, TCP_KEEPINTVL, 77)'
	strace -o with -e trace=setsockopt -E "KASHIM_CONF=$PWD/k.conf" -E "LD_PRELOAD=$SHIM" "$PYTHON" -c "$program"
	strace -o without -e trace=setsockopt "$PYTHON" -c "$program"
	grep 'TCP_KEEPIDLE, \[500\]' without
	grep 'TCP_KEEPINTVL, \[77\]' without
	grep 'SO_KEEPALIVE, \[0\]' without
	grep 'TCP_KEEPIDLE, \[33\]' with
	not grep -E '\[500\]|\[77\]|\[0\]' with
}

@test "force keeps the policy on a duplicate, whatever its number was before" {
	needs_python
	local program='
import os, sys, time
from socket import *
other = socket(AF_INET, SOCK_DGRAM)
tcp = socket()
number = other.fileno()
os.dup2(tcp.fileno(), number)
socket(fileno=number).setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0)
print("ready", flush=True)
time.sleep(60)'
	take_port
	start "$PYTHON" -c "$program"
	wait_for grep -qx ready log
	sockets_of "$PID" >with
	start_plain "$PYTHON" -c "$program"
	wait_for has "$PID" close
	wait_for all_are "$UNTOUCHED" "$PID"
	grep ' keepalive=1 idle=33 ' with || fail "$(cat with)"
	not grep ' keepalive=0 ' with
}
