#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A connection to a host that is gone ends with ETIMEDOUT after idle + interval x count; without kashim it stays for
# ever.

load ../lib/wire
load ../lib/pairs

# idle 2 s, interval 1 s, count 3
DEAD=5

setup_file() {
	play_all <<-'END'
		client_drop_ipv4 client_notices drop IPv4 10.77.2.2
		client_drop_ipv6 client_notices drop IPv6 fd77:2::2
		client_link_ipv4 client_notices link IPv4 10.77.2.2
		client_link_ipv6 client_notices link IPv6 fd77:2::2
		server_drop_ipv4 server_notices drop IPv4 10.77.2.2
		server_drop_ipv6 server_notices drop IPv6 fd77:2::2
		server_link_ipv4 server_notices link IPv4 10.77.2.2
		server_link_ipv6 server_notices link IPv6 fd77:2::2
		nc tool_notices nc.openbsd 0 10.77.2.2 7000
		socat tool_notices socat 1 -u TCP:10.77.2.2:7000 -
		ssh ssh_notices
		descriptors descriptors_come_back
	END
}

teardown_file() {
	stop_all
}

# The host on the other side is gone from here on: its cable, or the path to it.
vanish() {
	if [ "$1" = drop ]; then
		network_cut
	else
		network_link_down "$2"
	fi
}

how() {
	case $1 in
	drop) echo "silent drop" ;;
	link) echo "link down" ;;
	esac
}

# Without kashim the program sits there when the other one has long ended.
outlived_by() {
	until_after 2 "$(now)"
	is_waiting "$1"
}

client_notices() {
	local way=$1 family=$2 address=$3
	settings 'idle = 2; interval = 1; count = 3;'
	open_clients "$address"
	vanish "$way" server
	within 1.9
	lost kashim ETIMEDOUT $DEAD
	outlived_by plain
	row "client, $family, $(how "$way")" "still waiting" "ETIMEDOUT after $MEASURED s" "$DEAD s"
}

server_notices() {
	local way=$1 family=$2 address=$3
	settings 'idle = 2; interval = 1; count = 3;'
	open_servers "$address"
	vanish "$way" client
	within 1.9
	lost kashim ETIMEDOUT $DEAD
	outlived_by plain
	row "server, $family, $(how "$way")" "still waiting" "ETIMEDOUT after $MEASURED s" "$DEAD s"
}

tool_notices() {
	local tool=$1 status=$2
	shift 2
	settings 'idle = 2; interval = 1; count = 3;'
	open_tools "$tool" "$@"
	network_cut
	within 1.9
	gave_up kashim "$status" $DEAD
	outlived_by plain
	row "$tool, silent drop" "still waiting" "ended after $MEASURED s" "$DEAD s"
}

# An interactive session: what is typed comes back.
ssh_notices() {
	needs ssh sshd ssh-keygen
	start_sshd_on_server
	settings 'idle = 2; interval = 1; count = 3;'
	mkfifo plain.in kashim.in
	start_named plain client "${SSH[@]}"
	start_wrapped kashim client "${SSH[@]}"
	says plain 'welcome.*'
	says kashim 'welcome.*'
	type_into hello plain kashim
	says plain 'hello.*' 2
	says kashim 'hello.*' 2
	silence
	network_cut
	within 1.9
	gave_up kashim 255 $DEAD
	outlived_by plain
	row "ssh, idle session, silent drop" "still waiting" "ended after $MEASURED s" "$DEAD s"
}

# A server with 300 clients.
descriptors_come_back() {
	local before
	needs_python
	ulimit -n 1000
	settings 'idle = 2; interval = 1; count = 3;'
	peer plain server accept 10.77.2.2 7000
	wrapped_peer kashim server accept 10.77.2.2 7001
	says plain listening
	says kashim listening
	before=$(descriptors kashim)
	peer one client connect 10.77.2.2 7000 300
	peer two client connect 10.77.2.2 7001 300
	says plain open 300
	says kashim open 300
	[ "$(descriptors kashim)" = $((before + 300)) ] || fail "$(descriptors kashim) descriptors"
	ping_from one two
	says one 'got pong' 300
	says two 'got pong' 300
	silence
	network_link_down client
	within 1.9
	says kashim 'ended ETIMEDOUT.*' 300
	lost kashim ETIMEDOUT $DEAD
	wait_for has_descriptors kashim "$before"
	outlived_by plain
	[ "$(descriptors plain)" = $((before + 300)) ] || fail "control: $(descriptors plain) descriptors"
	row "descriptors of a server with 300 clients, link down" "300 held" "0 held" "0 held"
}

descriptors() {
	find "/proc/$(pid_of "$1")/fd" -mindepth 1 | wc -l
}

has_descriptors() {
	[ "$(descriptors "$1")" = "$2" ]
}

@test "a client notices that its server dropped out of reach, over IPv4" {
	scene client_drop_ipv4
}

@test "a client notices that its server dropped out of reach, over IPv6" {
	needs ipv6
	scene client_drop_ipv6
}

@test "a client notices that its server lost its cable, over IPv4" {
	scene client_link_ipv4
}

@test "a client notices that its server lost its cable, over IPv6" {
	needs ipv6
	scene client_link_ipv6
}

@test "a server notices that its client dropped out of reach, over IPv4" {
	scene server_drop_ipv4
}

@test "a server notices that its client dropped out of reach, over IPv6" {
	needs ipv6
	scene server_drop_ipv6
}

@test "a server notices that its client lost its cable, over IPv4" {
	scene server_link_ipv4
}

@test "a server notices that its client lost its cable, over IPv6" {
	needs ipv6
	scene server_link_ipv6
}

@test "nc notices that its peer is dead" {
	scene nc
}

@test "socat notices that its peer is dead" {
	scene socat
}

@test "an idle session of ssh notices that its peer is dead" {
	scene ssh
}

@test "a server gets all its descriptors back from 300 dead clients" {
	scene descriptors
}
