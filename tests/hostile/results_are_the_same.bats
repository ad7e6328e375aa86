#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Whatever can go well or wrong in a call, in every family, with signals, odd rooms and bad pointers: what it returns, errno,
# what it writes where, and the numbers of descriptors are as without the shim, and while it reports each socket.

load ../lib/live
load ../lib/same

wants() {
	grep -q "$1" with || fail "control: no $1"
}

@test "calls of each family return the same, with rooms of all sizes for accept" {
	needs ipv6
	for family in inet inet6 unix packets; do
		same_output family_probe "$family"
		wants 'dup2: 30, errno kept'
		wants '^  size [12][0-9]: .*ee$'
	done
}

@test "calls on MPTCP sockets return the same, with rooms of all sizes for accept" {
	needs mptcp
	same_output family_probe mptcp
}

@test "descriptors get the same numbers, up to the last that may be open" {
	same_output family_probe numbers
	wants 'client: 6, errno kept'
	wants 'accept: -1, errno Too many open files'
	wants 'standard input, too: 0, errno kept'
}

@test "calls that wait end the same by signals whose handlers make sockets" {
	same_output interrupt_probe ended
	[ "$(grep -c 'Interrupted system call' with)" = 5 ]
	[ "$(grep -c 'signals: 1' with)" = 5 ]
}

@test "calls that wait restart the same after signals whose handlers make sockets" {
	same_output interrupt_probe restarted
	[ "$(grep -c 'signals: 2' with)" = 5 ]
}

@test "calls that wait until their time is over return the same" {
	same_output interrupt_probe timed
	wants 'connect: -1, errno Operation now in progress'
	wants 'accept: -1, errno Resource temporarily unavailable'
}

@test "descriptors come the same with a message, into rooms of all sizes" {
	needs ipv6
	same_output message_probe control
	wants 'open: 0 1 2 3 4 5 6 7 8 9c 10c$'
	wants '^  flags 8, name 0, control 20:'
}

@test "message headers, rooms and data that cannot be read or written give the same results" {
	same_output message_probe headers
	wants 'read-only: -1, errno Bad address'
}

@test "many messages in one call come the same, in part and until a time is over" {
	needs ipv6
	same_output message_probe many
	wants 'the second is bad: 1, errno kept'
}

@test "results are the same while another thread writes to the control data" {
	same_output message_probe meddled '' 2
	wants 'received in vain: 0'
}

@test "results are the same where rules look at connections" {
	needs ipv6
	cat >k.conf <<-'END'
		defaults: { idle = 33; interval = 11; count = 5; };
		rules = ( { direction = "connect"; remote = "10.0.0.0/8"; local_port = 5; idle = 34; },
			{ direction = "accept"; remote = [ "127.0.0.1", "::1" ]; idle = 35; user_timeout = 9000; } );
	END
	"$ROOT/build/kashim" compile k.conf
	for family in inet inet6 unix numbers; do
		same_output family_probe "$family"
	done
	same_output interrupt_probe ended
	same_output message_probe control
	same_output message_probe headers
	same_output message_probe many
}

@test "results are the same in mode suggest" {
	needs ipv6
	printf 'defaults: { mode = "suggest"; idle = 33; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf
	for family in inet inet6 unix numbers; do
		same_output family_probe "$family" 'mode suggest'
	done
	same_output message_probe control 'mode suggest'
	same_output message_probe many 'mode suggest'
}
