#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Each option is set once on each socket, and no other system call is added: not by connect, listen, accept, recvmsg
# or close, and not for a number that was in use before. The calls that the shim adds are counted, all of them.

load ../lib/live

# What a program does after its first words, with the shim and without, in the files with and without; the calls that
# the shim adds in the file added, and how many it takes away in lost.
trace() {
	needs strace
	in_scene strace -f -qq -o without.raw "$@" >/dev/null || fail "control: the program fails" || return
	in_scene strace -f -qq -o with.raw -E "KASHIM_CONF=$PWD/k.conf" -E "LD_PRELOAD=$SHIM" "$@" >/dev/null
	calls <without.raw >without
	calls <with.raw >with
	diff without with | sed -n 's/^> //p' >added || :
	[ -s without ] || fail "control: no calls" || return
	[ "$(diff without with | grep -c '^<')" = 0 ] || fail "calls are missing: $(diff without with)"
}

# From the first words on, without what chance decides: processes, addresses in memory, ports.
calls() {
	sed '1,/write(1, "begin/d' | sed -E 's/^[0-9]+ +//; s/0x[0-9a-f]+/-/g; s/(htons\()[0-9]+/\1-/; s/pid=[0-9]+/pid=-/g'
}

steps() {
	trace "$ROOT/build/tests/traced_calls" "$@"
}

# The options of one socket.
once_on() {
	cat <<-END
		setsockopt($1, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = 0
		setsockopt($1, SOL_TCP, TCP_KEEPCNT, [5], 4) = 0
		setsockopt($1, SOL_TCP, TCP_KEEPIDLE, [33], 4) = 0
		setsockopt($1, SOL_TCP, TCP_KEEPINTVL, [11], 4) = 0
	END
}

added_is() {
	sort >expected
	sort added | diff - expected || fail "added (<), expected (>)"
}

@test "a socket gets each option once" {
	steps socket
	once_on 3 | added_is
}

@test "a number that is used again gets each option once again" {
	steps socket socket socket
	{ once_on 3 && once_on 3 && once_on 3; } | added_is
}

# From socket to close: a listener, its client, the connection, and the next client and connection. Four calls for
# each socket that the program makes, none for one that it accepts.
@test "connections cost nothing from connect and accept to close" {
	steps tcp
	for call in 'listen(3' 'connect(4' 'accept(3' 'recvmsg(5' 'recvmmsg(5' 'recvmsg(4' 'shutdown(4' 'accept4(3' \
		'close(3'; do
		grep -qF "$call" with || fail "control: no $call"
	done
	{ once_on 3 && once_on 4 && once_on 4; } | added_is
	[ "$(wc -l <added)" = 12 ]
	not grep -E '^[a-z]+\([56],' added
}

@test "options are set at a socket's birth, and the program's own calls keep their order" {
	steps tcp
	grep -A 4 '^socket' with | grep -v '^--' >births
	[ "$(grep -c ^socket births)" = 3 ]
	[ "$(grep -c ^setsockopt births)" = 12 ]
	grep -v '^setsockopt' with | diff without -
}

@test "five calls of connect on one socket cost nothing more" {
	steps refused
	[ "$(grep -c '^connect(3,.*ECONNREFUSED' with)" = 5 ]
	once_on 3 | added_is
}

@test "mode force costs nothing at connections where it sets everything" {
	printf 'defaults: { idle = 33; interval = 11; count = 5; user_timeout = 44000; syn_count = 3; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	steps tcp
	[ "$(wc -l <added)" = 18 ]
	# Six on the listener; on the clients, which have one number, six and six.
	[ "$(grep -c '^setsockopt(3,' added)" = 6 ]
	[ "$(grep '^setsockopt(4,' added | sort | uniq -c | grep -c '^ *2 ')" = 6 ]
	not grep -E '^[a-z]+\([56],' added
}

# A rule that does look at connections shows that more calls would be seen.
@test "a rule that looks at connections is seen at connect and accept: the control" {
	echo 'rules = ( { remote = "127.0.0.0/8"; idle = 34; } );' >>k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	steps tcp
	grep -qF 'TCP_KEEPIDLE, [34]' added
	[ "$(wc -l <added)" -gt 12 ]
}

@test "mode off adds no system call" {
	steps tcp refused rights credentials
	[ -s added ] || fail "control: the shim was not there"
	printf 'defaults: { mode = "off"; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	steps tcp refused rights credentials
	added_is </dev/null
}

# The TCP socket at the end shows that the shim was there.
@test "UDP sockets cost nothing at connect" {
	steps udp socket
	grep -q '^recvmsg' with
	once_on 3 | added_is
}

@test "Unix sockets cost nothing at connect, listen and accept" {
	steps unix socket
	grep -q '^accept4' with
	once_on 3 | added_is
}

@test "numbers of TCP sockets that become UDP and Unix sockets and back cost nothing" {
	steps socket udp socket unix tcp unix udp
	{ once_on 3 && once_on 3 && once_on 3 && once_on 4 && once_on 4; } | added_is
}

@test "messages with descriptors and credentials add no system call" {
	steps credentials rights socket
	grep -q 'SCM_CREDENTIALS' with
	# What is sent is a socket of its own.
	{ once_on 5 && once_on 3; } | added_is
}

@test "an inherited listener is set once, and costs nothing more" {
	needs_python
	cat >become.py <<-'END'
		import os, sys
		from socket import *
		listener = create_server(("127.0.0.1", 0))
		os.dup2(listener.fileno(), 9)
		os.set_inheritable(9, True)
		os.execvp(sys.argv[1], sys.argv[1:])
	END
	needs strace
	in_scene "$PYTHON" become.py strace -f -qq -o raw -e trace=setsockopt -E "KASHIM_CONF=$PWD/k.conf" \
		-E "LD_PRELOAD=$SHIM" "$PYTHON" -c '
from socket import *
listener = socket(fileno=9)
client = create_connection(listener.getsockname())
listener.listen()
for i in range(3):
	kept = create_connection(listener.getsockname())
	listener.accept()
listener.accept()'
	grep 'setsockopt(9,' raw | sed -E 's/^[0-9]+ +//' | sort | diff - <(once_on 9 | sort)
	# Four clients, four options each, the listener, and the connection that was there before it listened again.
	[ "$(wc -l <raw)" = 24 ] || fail "$(cat raw)"
}
