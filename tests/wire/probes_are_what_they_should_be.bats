#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A probe is an empty ACK one below the next sequence number. It is sent when the connection was idle for so long, also
# to a host that knows no keepalive, which answers it; and none is sent while there is traffic.

load ../lib/wire

IDLE=2

setup_file() {
	play_all <<-'END'
		client probes_of_a_client
		server probes_of_a_server
		traffic none_in_traffic
	END
}

teardown_file() {
	stop_all
}

# What passes the client's network device, for a port of the server.
capture() {
	start_named "capture-$1" client "$PYTHON" "$ROOT/tests/lib/outside/capture.py" "$1"
	says "capture-$1" capturing
}

# The probes, with WAY out those of the client, and with in those of the server; seconds since the last other segment,
# length, flags, how far below the next sequence number, how far from what the other one sent last, and whether the
# other one answered.
probes() {
	awk -v way="$2" '
		NF == 6 && $1 == way && next_sequence != "" && $3 == next_sequence - 1 {
			printf "%.3f %d %d %d %d", $2 - last, $5, $6, next_sequence - $3, $4 - other_sequence
			probe = 1
			last = $2
			next
		}
		NF == 6 && $1 == way { next_sequence = $3 + $5 + ($6 % 4 != 0) }
		NF == 6 && $1 != way {
			if (probe)
				print $5 == 0 && $4 == next_sequence ? " answered" : " unanswered"
			probe = 0
			other_sequence = $3 + $5 + ($6 % 4 != 0)
		}
		NF == 6 { last = $2 }
		END { if (probe) print "" }' "capture-$1.log"
}

# ACK is 16. Two in a row, so that the one after an answered probe is looked at, too.
are_right() {
	local seconds length flags below other answer number=0
	while read -r seconds length flags below other answer; do
		number=$((number + 1))
		[ "$length $flags $below $other $answer" = "0 16 1 0 answered" ] ||
			fail "probe $number: length $length, flags $flags, $below below, $other, $answer" || return
		took "$seconds" $IDLE || return
		MEASURED=$seconds
	done < <(probes "$@" | head -n 2)
	[ "$number" = 2 ] || fail "$number probes"
}

has_probes() {
	[ "$(probes "$1" "$2" | grep -c answered)" -ge 2 ]
}

has_none() {
	[ -z "$(probes "$1" "$2")" ] || fail "probes on port $1: $(probes "$1" "$2")"
}

probes_of_a_client() {
	needs_python
	settings 'idle = 2; interval = 1; count = 3;'
	capture 7000
	capture 7001
	peer server server accept 10.77.2.2 7000
	peer other server accept 10.77.2.2 7001
	says server listening
	says other listening
	peer plain client connect 10.77.2.2 7001
	wrapped_peer kashim client connect 10.77.2.2 7000
	says server open
	says other open
	carries_data plain
	carries_data kashim
	in_server ss -Htno "sport = :7000" | not grep -q keepalive
	wait_for has_probes 7000 out
	are_right 7000 out
	has_none 7000 in
	has_none 7001 out
	row "client, probe" "none" "empty ACK, one below, answered, after $MEASURED s" "$IDLE s"
}

probes_of_a_server() {
	needs_python
	settings 'idle = 2; interval = 1; count = 3;'
	capture 7000
	capture 7001
	wrapped_peer server server accept 10.77.2.2 7000
	peer other server accept 10.77.2.2 7001
	says server listening
	says other listening
	peer plain client connect 10.77.2.2 7001
	peer kashim client connect 10.77.2.2 7000
	says server open
	says other open
	carries_data plain
	carries_data kashim
	in_client ss -Htno "dport = :7000" | not grep -q keepalive
	wait_for has_probes 7000 in
	are_right 7000 in
	has_none 7000 out
	has_none 7001 in
	row "server, probe" "none" "empty ACK, one below, answered, after $MEASURED s" "$IDLE s"
}

# Something passes twice a second, three times as long as idle. The probes that come afterwards show that they are
# seen when there are any.
none_in_traffic() {
	local number
	needs_python
	settings 'idle = 2; interval = 1; count = 3;'
	capture 7000
	peer server server accept 10.77.2.2 7000
	says server listening
	wrapped_peer kashim client connect 10.77.2.2 7000
	says server open
	silence
	for number in $(seq 12); do
		carries_data kashim
		until_after "$(in_seconds $((number * 500000)))"
	done
	has_none 7000 out
	wait_for has_probes 7000 out
	MEASURED=$(probes 7000 out | sed 's/ .*//;q')
	took "$MEASURED" $IDLE
	row "traffic twice a second, then silence" "none" "none; then after $MEASURED s" "none; then $IDLE s"
}

@test "a client's probes are empty ACKs, one below the next sequence number, and on time" {
	scene client
}

@test "a server's probes are empty ACKs, one below the next sequence number, and on time" {
	scene server
}

@test "no probe is sent while there is traffic" {
	scene traffic
}
