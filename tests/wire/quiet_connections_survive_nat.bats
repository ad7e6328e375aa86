#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A connection that is silent for ten times as long as a NAT or firewall remembers it carries data afterwards; without
# kashim its next write goes nowhere.

load ../lib/wire

# What the path remembers, and how long it is silent.
MEMORY=3 QUIET=30

setup_file() {
	play_all <<-'END'
		nat client_survives nat IPv4 10.77.2.2
		firewall_ipv4 client_survives firewall IPv4 10.77.2.2
		firewall_ipv6 client_survives firewall IPv6 fd77:2::2
		server_nat server_survives nat IPv4 10.77.2.2
		server_firewall_ipv6 server_survives firewall IPv6 fd77:2::2
		redis redis_survives
		ssh ssh_survives
	END
}

teardown_file() {
	stop_all
}

what() {
	case $1 in
	nat) echo NAT ;;
	firewall) echo firewall ;;
	esac
}

client_survives() {
	local path=$1 family=$2 address=$3
	needs_python
	settings 'idle = 1; interval = 1; count = 3;'
	"network_$path" $MEMORY
	peer server server accept "$address" 7000
	says server listening
	peer plain client connect "$address" 7000
	wrapped_peer kashim client connect "$address" 7000
	says server open 2
	carries_data plain
	carries_data kashim
	silence
	until_after $QUIET
	ping_from plain
	carries_data kashim
	ping_from server
	says kashim 'got ping'
	until_after 2 "$(now)"
	gets_nothing plain
	row "client, $family, $(what "$path") that forgets after $MEMORY s" "next write goes nowhere" "carries data" \
		"carries data after $QUIET s"
}

# What it sent and what the server sent were for nothing.
gets_nothing() {
	if [ "$(grep -cx 'got pong' "$1.log")" != 1 ] || said "$1" 'got ping'; then
		fail "control: $(cat "$1.log")"
	fi
}

# The server alone is wrapped.
server_survives() {
	local path=$1 family=$2 address=$3
	needs_python
	settings 'idle = 1; interval = 1; count = 3;'
	"network_$path" $MEMORY
	peer server-plain server accept "$address" 7000
	wrapped_peer server-kashim server accept "$address" 7001
	says server-plain listening
	says server-kashim listening
	peer plain client connect "$address" 7000
	peer kashim client connect "$address" 7001
	says server-plain open
	says server-kashim open
	carries_data plain
	carries_data kashim
	silence
	until_after $QUIET
	ping_from plain server-plain
	carries_data kashim
	ping_from server-kashim
	says kashim 'got ping'
	until_after 2 "$(now)"
	gets_nothing plain
	row "server, $family, $(what "$path") that forgets after $MEMORY s" "next write goes nowhere" "carries data" \
		"carries data after $QUIET s"
}

redis_survives() {
	needs redis-server redis-cli
	settings 'idle = 1; interval = 1; count = 3;'
	network_nat $MEMORY
	start_named server server redis-server --bind 10.77.2.2 --port 7000 --save '' --appendonly no --protected-mode no \
		--tcp-keepalive 0 --dir "$PWD"
	says server '.*Ready to accept connections.*'
	mkfifo plain.in kashim.in
	start_named plain client redis-cli -h 10.77.2.2 -p 7000
	start_wrapped kashim client redis-cli -h 10.77.2.2 -p 7000
	type_into 'ECHO before' plain kashim
	says plain before
	says kashim before
	silence
	until_after $QUIET
	type_into 'ECHO after' plain kashim
	says kashim after
	until_after 2 "$(now)"
	[ "$(grep -c . plain.log)" = 1 ] || grep -qi error plain.log || fail "control: $(cat plain.log)"
	row "redis-cli, NAT that forgets after $MEMORY s" "next command hangs or breaks" "answered" \
		"answered after $QUIET s"
}

ssh_survives() {
	needs ssh sshd ssh-keygen
	start_sshd_on_server
	settings 'idle = 1; interval = 1; count = 3;'
	network_nat $MEMORY
	mkfifo plain.in kashim.in
	start_named plain client "${SSH[@]}"
	start_wrapped kashim client "${SSH[@]}"
	says plain 'welcome.*'
	says kashim 'welcome.*'
	silence
	until_after $QUIET
	type_into hello plain kashim
	says kashim 'hello.*' 2
	until_after 2 "$(now)"
	not grep -q hello plain.log || fail "control: $(cat plain.log)"
	row "ssh, idle session, NAT that forgets after $MEMORY s" "what is typed goes nowhere" "carries data" \
		"carries data after $QUIET s"
}

@test "a quiet client survives behind a NAT" {
	scene nat
}

@test "a quiet client survives behind an IPv4 firewall" {
	scene firewall_ipv4
}

@test "a quiet client survives behind an IPv6 firewall" {
	needs ipv6
	scene firewall_ipv6
}

@test "a server keeps quiet clients behind a NAT connected" {
	scene server_nat
}

@test "a server keeps quiet clients behind an IPv6 firewall connected" {
	needs ipv6
	scene server_firewall_ipv6
}

@test "a quiet redis-cli survives behind a NAT" {
	scene redis
}

@test "an idle session of ssh survives behind a NAT" {
	scene ssh
}
