#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What each interposed function returns and leaves in errno, after success and failure, is the same with the shim and
# without, byte for byte.

load ../lib/live
load ../lib/same

@test "socket() keeps errno and results" {
	same_output errno_probe socket
	grep -q '^tcp: [0-9]*, errno kept$' with
	grep -q 'no family: -1, errno Address family not supported' with
	grep -q 'no descriptor left: -1, errno Too many open files' with
}

@test "connect() keeps errno and results" {
	same_output errno_probe connect
	grep -q 'success: 0, errno kept' with
	grep -q 'ECONNREFUSED: -1, errno Connection refused' with
	grep -q 'EINPROGRESS: -1, errno Operation now in progress' with
}

@test "listen() keeps errno and results" {
	same_output errno_probe listen
	grep -q 'success: 0, errno kept' with
}

@test "accept() keeps errno and results" {
	same_output errno_probe accept
	grep -q '^success: [0-9]*, errno kept' with
	grep -q 'EAGAIN: -1, errno Resource temporarily unavailable' with
}

@test "accept4() keeps errno and results" {
	same_output errno_probe accept4
	grep -q '^success: [0-9]*, errno kept' with
}

@test "setsockopt() keeps errno and results for values within and out of range" {
	same_output errno_probe values
	grep -q 'TCP_KEEPIDLE, 1: 0, errno kept' with
	grep -q 'TCP_KEEPIDLE, 32768: -1, errno Invalid argument' with
}

@test "setsockopt() keeps errno and results on IPv6 sockets" {
	needs ipv6
	same_output errno_probe values6
}

@test "setsockopt() keeps errno and results on a connection" {
	same_output errno_probe values_connected
}

@test "setsockopt() keeps errno and results on MPTCP sockets" {
	needs mptcp
	same_output errno_probe values_mptcp
}

@test "setsockopt() keeps errno and results for all sizes" {
	same_output errno_probe sizes
	grep -q 'TCP_KEEPIDLE, size 3: -1, errno Invalid argument' with
}

@test "setsockopt() keeps errno and results for pointers that cannot be read" {
	same_output errno_probe pointers
	grep -q 'TCP_KEEPIDLE, PROT_NONE: -1, errno Bad address' with
}

@test "setsockopt() keeps errno and results for descriptors that are no TCP sockets" {
	same_output errno_probe descriptors
	grep -q 'SO_KEEPALIVE, ENOTSOCK: -1, errno Socket operation on non-socket' with
}

@test "an option that the kernel refuses leaves no trace in errno" {
	printf 'defaults: { idle = 33; interval = 11; count = 5; user_timeout = 44000; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf
	same_output errno_probe socket
	needs mptcp
	grep -q '^mptcp: [0-9]*, errno kept$' with
}

# A deferred accept(2) is what the policy is for, so that one is left out there.
@test "all calls keep errno and results where the policy sets all options" {
	cat >k.conf <<-'END'
		defaults: { idle = 33; interval = 11; count = 5; user_timeout = 44000; syn_count = 3;
			max_segment = 1000; window_clamp = 100000; };
	END
	"$ROOT/build/kashim" compile k.conf
	for topic in accept accept4; do
		same_output errno_probe "$topic"
	done
	sed -i 's/syn_count/defer_accept = "10s"; &/' k.conf
	"$ROOT/build/kashim" compile k.conf
	for topic in socket connect listen values values_connected sizes pointers descriptors; do
		same_output errno_probe "$topic"
	done
}

@test "all calls keep errno and results in mode suggest" {
	printf 'defaults: { mode = "suggest"; idle = 33; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf
	for topic in socket connect listen accept accept4 values sizes pointers descriptors; do
		same_output errno_probe "$topic" 'mode suggest'
	done
}
