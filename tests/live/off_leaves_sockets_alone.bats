#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Mode off, from the configuration or the environment: sockets are as the kernel and the program made them.

load ../lib/live

three_sockets() {
	start "$@" "$PYTHON" -c '
import sys, time
from socket import *
listener = create_server(("127.0.0.1", int(sys.argv[1])))
client = create_connection(listener.getsockname())
accepted = listener.accept()[0]
own = socket()
own.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
own.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 500)
print("ready", flush=True)
time.sleep(60)' "$PORT"
	wait_for grep -qx ready log
	wait_for has "$PID" listen established close
}

# Under the shim with these variables, the program's sockets are its own.
alone() {
	needs_python
	under_the_shim three_sockets "$@"
	[ "$(timers_of "$PID" listen)" = "$UNTOUCHED" ] || fail "$(sockets_of "$PID")"
	[ "$(timers_of "$PID" established | sort -u)" = "$UNTOUCHED" ] || fail "$(sockets_of "$PID")"
	[ "$(timers_of "$PID" close)" = 1/500/75/9 ] || fail "$(sockets_of "$PID")"
}

# And with these, they are not.
not_alone() {
	end_scene
	: >log
	under_the_shim three_sockets "$@"
	all_are "$POLICY" "$PID" || fail "control: $(sockets_of "$PID")"
}

@test "mode off in defaults leaves sockets alone" {
	printf 'defaults: { mode = "off"; idle = 33; interval = 11; count = 5; };\n' >off.conf
	"$ROOT/build/kashim" compile off.conf
	alone env "KASHIM_CONF=$PWD/off.conf"
	not_alone
}

@test "mode off in a rule leaves sockets alone" {
	needs_python
	local name
	name=$(basename "$PYTHON")
	printf 'rules = ( { program = "%s"; mode = "off"; } );\n' "$name" | cat - k.conf >off.conf
	sed 's/mode = "off"/mode = "force"/' off.conf >force.conf
	"$ROOT/build/kashim" compile off.conf
	"$ROOT/build/kashim" compile force.conf
	alone env "KASHIM_CONF=$PWD/off.conf"
	not_alone env "KASHIM_CONF=$PWD/force.conf"
}

@test "KASHIM=off leaves sockets alone" {
	alone env KASHIM=off
	not_alone
}

@test "KASHIM=mode=off leaves sockets alone" {
	alone env KASHIM=mode=off
	not_alone
}

@test "KASHIM=off makes no call on a socket" {
	needs strace
	needs_python
	local program='import socket; socket.socket(); socket.create_server(("127.0.0.1", 0))'
	in_scene strace -o off -e trace=setsockopt,getsockopt -E KASHIM=off -E "KASHIM_CONF=$PWD/k.conf" \
		-E "LD_PRELOAD=$SHIM" "$PYTHON" -c "$program"
	in_scene strace -o with -e trace=setsockopt,getsockopt -E "KASHIM_CONF=$PWD/k.conf" \
		-E "LD_PRELOAD=$SHIM" "$PYTHON" -c "$program"
	in_scene strace -o without -e trace=setsockopt,getsockopt "$PYTHON" -c "$program"
	diff without off
	grep TCP_KEEPIDLE with
}
