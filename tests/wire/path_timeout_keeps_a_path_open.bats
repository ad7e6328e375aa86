#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What is derived from path_timeout keeps a connection in the memory of a path that forgets after just that time, also
# when two probes in a row are lost; without kashim its next write goes nowhere.

load ../lib/wire

setup_file() {
	play_all <<-'END'
		after_4 survives 4 IPv4 10.77.2.2
		after_5 survives 5 IPv4 10.77.2.2
		after_6 survives 6 IPv4 10.77.2.2
		after_8 survives 8 IPv4 10.77.2.2
		after_5_ipv6 survives 5 IPv6 fd77:2::2
	END
}

teardown_file() {
	stop_all
}

survives() {
	local memory=$1 family=$2 address=$3
	needs_python
	settings "path_timeout = $memory;"
	network_firewall "$memory"
	peer server server accept "$address" 7000
	peer other server accept "$address" 7001
	says server listening
	says other listening
	peer plain client connect "$address" 7001
	wrapped_peer kashim client connect "$address" 7000
	says server open
	says other open
	carries_data plain
	carries_data kashim
	silence
	lose_two_probes 7000
	wait_for third_probe_has_passed
	until_after $((memory + 2)) "$(now)"
	ping_from plain
	carries_data kashim
	ping_from server
	says kashim 'got ping'
	until_after 2 "$(now)"
	[ "$(grep -cx 'got pong' plain.log)" = 1 ] || fail "control: $(cat plain.log)"
	row "$family, path that forgets after $memory s, two probes lost" "next write goes nowhere" "carries data" \
		"carries data"
}

# The next two of the client's segments never reach the firewall.
lose_two_probes() {
	network_rules <<-END
		table inet lossy {
			counter lost { }
			counter passed { }
			chain lossy {
				type filter hook prerouting priority -400
				iifname != "to-client" accept
				tcp dport != $1 accept
				numgen inc mod 1000000 0-1 counter name lost drop
				counter name passed
			}
		}
	END
}

third_probe_has_passed() {
	[ "$(packets lost)" = 2 ] && [ "$(packets passed)" -ge 1 ]
}

packets() {
	in_router nft list counter inet lossy "$1" | sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}

@test "path_timeout keeps a path open that forgets after 4 s" {
	scene after_4
}

@test "path_timeout keeps a path open that forgets after 5 s" {
	scene after_5
}

@test "path_timeout keeps a path open that forgets after 6 s" {
	scene after_6
}

@test "path_timeout keeps a path open that forgets after 8 s" {
	scene after_8
}

@test "path_timeout keeps an IPv6 path open that forgets after 5 s" {
	needs ipv6
	scene after_5_ipv6
}
