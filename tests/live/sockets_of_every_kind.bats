#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# However a program asks for a TCP socket, it carries the policy: made, connected and accepted.

load ../lib/live

# One listener, one client and one accepted connection of a kind, in one process that then stays.
of_kind() {
	start "$PYTHON" -c '
import socket, sys, time
family, type, protocol = (int(eval(word, vars(socket))) for word in sys.argv[1:4])
address = ("::1" if family == socket.AF_INET6 else "127.0.0.1", int(sys.argv[4]))
listener = socket.socket(family, type, protocol)
listener.bind(address)
listener.listen()
client = socket.socket(family, type, protocol)
try:
	client.connect(address)
except BlockingIOError:
	pass
listener.settimeout(60)
accepted = listener.accept()
unused = socket.socket(family, type, protocol)
time.sleep(60)' "$@" "$PORT"
	expect_policy "$PID" listen established close
	[ "$(timers_of "$PID" | wc -l)" = 4 ] || fail "not four sockets: $(sockets_of "$PID")"
}

kind() {
	needs_python
	under_the_shim_and_without of_kind "$@"
}

@test "IPv4 sockets carry the policy" {
	kind AF_INET SOCK_STREAM 0
}

@test "IPv6 sockets carry the policy" {
	needs ipv6
	kind AF_INET6 SOCK_STREAM 0
}

@test "sockets that name IPPROTO_TCP carry the policy" {
	kind AF_INET SOCK_STREAM IPPROTO_TCP
}

@test "IPv6 sockets that name IPPROTO_TCP carry the policy" {
	needs ipv6
	kind AF_INET6 SOCK_STREAM IPPROTO_TCP
}

@test "sockets with SOCK_NONBLOCK carry the policy" {
	kind AF_INET 'SOCK_STREAM | SOCK_NONBLOCK' 0
}

@test "IPv6 sockets with SOCK_CLOEXEC carry the policy" {
	needs ipv6
	kind AF_INET6 'SOCK_STREAM | SOCK_CLOEXEC' 0
}

@test "sockets with SOCK_NONBLOCK, SOCK_CLOEXEC and IPPROTO_TCP carry the policy" {
	kind AF_INET 'SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC' IPPROTO_TCP
}

needs_mptcp() {
	needs mptcp
	needs_python
	start_plain "$PYTHON" -c '
import socket, time
unused = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 262)
time.sleep(60)'
	wait_for has_socket "$PID"
	! timers_of "$PID" | grep -q '?' || skip "this kernel does not show the timers of MPTCP sockets"
}

has_socket() {
	[ -n "$(sockets_of "$1")" ]
}

@test "MPTCP sockets carry the policy" {
	needs_mptcp
	kind AF_INET SOCK_STREAM 262
}

@test "IPv6 MPTCP sockets carry the policy" {
	needs ipv6
	needs_mptcp
	kind AF_INET6 SOCK_STREAM 262
}

# bash, perl and busybox call accept(2); python calls accept4(2).
accept_by() {
	start "$ROOT/build/tests/accept_one" "$1" "$PORT"
	expect_policy "$PID" listen established
}

@test "connections from accept(2) carry the policy" {
	under_the_shim_and_without accept_by accept
}

@test "connections from accept4(2) carry the policy" {
	under_the_shim_and_without accept_by accept4
}

queued() {
	start "$PYTHON" -c '
import socket, sys, time
listener = socket.socket()
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
clients = [socket.create_connection(listener.getsockname()) for i in range(5)]
accepted = [listener.accept() for i in range(5)]
time.sleep(60)' "$PORT"
	wait_for eleven_sockets
	expect_policy "$PID" listen established
}

eleven_sockets() {
	[ "$(timers_of "$PID" | wc -l)" = 11 ]
}

@test "connections that were queued when accept was called carry the policy" {
	needs_python
	under_the_shim_and_without queued
}

dual_stack() {
	start "$PYTHON" -c '
import socket, sys, time
listener = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
client = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
accepted = listener.accept()
time.sleep(60)' "$PORT"
	expect_policy "$PID" listen established
}

@test "the connection of an IPv4 peer to an IPv6 listener carries the policy" {
	needs ipv6
	needs_python
	under_the_shim_and_without dual_stack
}

@test "sockets carry a user timeout where the policy has one" {
	needs_python
	printf 'defaults: { idle = 33; interval = 11; count = 5; user_timeout = 44000; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf
	under_the_shim_and_without of_kind AF_INET SOCK_STREAM 0
	! sockets_of "$PID" | grep user_timeout=44000 || fail "control: the user timeout without the shim"
	under_the_shim of_kind AF_INET SOCK_STREAM 0
	[ "$(sockets_of "$PID" | grep -c ' user_timeout=44000 ')" = 4 ] || fail "$(sockets_of "$PID")"
}
