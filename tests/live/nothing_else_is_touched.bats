#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Sockets that are not TCP see the very system calls that the program makes, no more, no less, no other.

load ../lib/live

# The network calls of a python program, with the shim and without, and whether they are the same.
trace() {
	needs strace
	needs_python
	in_scene strace -f -qq -o without.raw -e trace=%network "$PYTHON" -c "$1" >output ||
		fail "control: the program fails"
	in_scene strace -f -qq -o with.raw -e trace=%network -E "KASHIM_CONF=$PWD/k.conf" -E "LD_PRELOAD=$SHIM" \
		"$PYTHON" -c "$1" >output.with
	without_chance <without.raw >without
	without_chance <with.raw >with
}

# Process, addresses in memory, netlink's own numbers; and what the shim asks once, when it is loaded, of the
# descriptors that are open already, which here are no sockets.
without_chance() {
	sed -E '/SO_PROTOCOL.*ENOTSOCK/d; s/^[0-9]+ +//; s/0x[0-9a-f]+/-/g; s/nl_pid=-?[0-9]+/nl_pid=-/g'
}

same() {
	trace "from socket import *
$1"
	[ -s without ] || fail "control: no calls"
	diff without with
	diff output output.with
	# And TCP, in the same run, is touched.
	trace "from socket import *
$1
socket()"
	! diff without with >/dev/null || fail "control: TCP shows no difference"
	[ "$(diff without with | grep -c '^[<>]')" = 4 ] || fail "$(diff without with)"
}

@test "UDP sockets see no other system call than without the shim" {
	same '
a = socket(AF_INET, SOCK_DGRAM)
a.bind(("127.0.0.1", 10000))
b = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, IPPROTO_UDP)
b.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
b.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0)
b.bind(("127.0.0.1", 10001))
b.connect(("127.0.0.1", 10002))
b.send(b"x")'
}

@test "IPv6 UDP sockets see no other system call than without the shim" {
	needs ipv6
	same '
a = socket(AF_INET6, SOCK_DGRAM)
a.bind(("::1", 10001))
a.connect(("::1", 10002))
a.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
print(a.getsockopt(SOL_SOCKET, SO_KEEPALIVE))'
}

@test "Unix streams that listen, connect and accept see no other system call" {
	same '
a = socket(AF_UNIX)
a.bind("\0kashim-nothing-else")
a.listen()
a.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0)
for i in range(3):
	b = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)
	b.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
	b.connect("\0kashim-nothing-else")
	c = a.accept()[0]
	c.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0)
	print(c.getsockopt(SOL_SOCKET, SO_KEEPALIVE))
	b.close()
	c.close()'
}

@test "Unix datagrams and sequenced packets see no other system call" {
	same '
a = socket(AF_UNIX, SOCK_DGRAM)
a.bind("\0kashim-datagrams")
b = socket(AF_UNIX, SOCK_DGRAM)
b.connect("\0kashim-datagrams")
b.send(b"x")
c = socket(AF_UNIX, SOCK_SEQPACKET)
c.bind("\0kashim-packets")
c.listen()
d = socket(AF_UNIX, SOCK_SEQPACKET)
d.connect("\0kashim-packets")
c.accept()'
}

@test "netlink sockets see no other system call" {
	same '
a = socket(AF_NETLINK, SOCK_RAW, 0)
a.bind((0, 0))
a.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0)
b = socket(AF_NETLINK, SOCK_DGRAM, 0)
b.connect((0, 0))'
}

@test "raw sockets see no other system call, those of protocol 6 included" {
	needs ipv6
	needs_root
	same '
for family in AF_INET, AF_INET6:
	a = socket(family, SOCK_RAW, IPPROTO_TCP)
	a.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0)
	a.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1)
	a.connect(("127.0.0.1" if family == AF_INET else "::1", 0))
b = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)
c = socket(AF_PACKET, SOCK_RAW, 0)'
}

@test "vsock sockets see no other system call" {
	same '
try:
	a = socket(AF_VSOCK, SOCK_STREAM)
	a.bind((VMADDR_CID_ANY, 54321))
	a.listen()
except OSError:
	pass'
}

@test "SCTP and UDP-Lite sockets are not taken for TCP" {
	same '
for type, protocol in (SOCK_STREAM, 132), (SOCK_SEQPACKET, 132), (SOCK_DGRAM, 136):
	try:
		socket(AF_INET, type, protocol)
	except OSError:
		pass'
}

# Not all descriptors come from socket(2): a number may once have been that of a TCP socket.
@test "a socket pair with the number that a TCP socket had before is not touched" {
	trace '
from socket import *
tcp = socket()
number = tcp.fileno()
tcp.close()
a, b = socketpair()
print(number in (a.fileno(), b.fileno()))
for end in a, b:
	end.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 0)
	print(end.getsockopt(SOL_SOCKET, SO_KEEPALIVE))'
	grep -qx True output
	grep -q TCP_KEEPIDLE with || fail "control: the shim was not there"
	diff output output.with
}
