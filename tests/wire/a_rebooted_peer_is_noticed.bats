#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A host that comes back without its memory answers the first probe with a reset: the connection ends with ECONNRESET
# after idle; without kashim it stays for ever.

load ../lib/wire
load ../lib/pairs

IDLE=3

setup_file() {
	play_all <<-'END'
		client_ipv4 client_notices IPv4 10.77.2.2
		client_ipv6 client_notices IPv6 fd77:2::2
		server_ipv4 server_notices IPv4 10.77.2.2
		server_ipv6 server_notices IPv6 fd77:2::2
		socat socat_notices
	END
}

teardown_file() {
	stop_all
}

policy_for_all() {
	settings 'idle = 3; interval = 1; count = 3;'
}

client_notices() {
	local family=$1 address=$2
	policy_for_all
	open_clients "$address"
	network_reboot_server
	within 2.9
	lost kashim ECONNRESET $IDLE
	until_after 2 "$(now)"
	is_waiting plain
	row "client, $family, rebooted server" "still waiting" "ECONNRESET after $MEASURED s" "$IDLE s"
}

server_notices() {
	local family=$1 address=$2
	policy_for_all
	open_servers "$address"
	network_reboot_client
	within 2.9
	lost kashim ECONNRESET $IDLE
	until_after 2 "$(now)"
	is_waiting plain
	row "server, $family, rebooted client" "still waiting" "ECONNRESET after $MEASURED s" "$IDLE s"
}

socat_notices() {
	policy_for_all
	open_tools socat -u TCP:10.77.2.2:7000 -
	network_reboot_server
	within 2.9
	# socat 1.8 calls it a failure.
	gave_up kashim '[01]' $IDLE
	until_after 2 "$(now)"
	is_waiting plain
	row "socat, rebooted server" "still waiting" "ended after $MEASURED s" "$IDLE s"
}

@test "a client over IPv4 gets ECONNRESET after its server has rebooted" {
	scene client_ipv4
}

@test "a client over IPv6 gets ECONNRESET after its server has rebooted" {
	needs ipv6
	scene client_ipv6
}

@test "a server over IPv4 gets ECONNRESET after its client has rebooted" {
	scene server_ipv4
}

@test "a server over IPv6 gets ECONNRESET after its client has rebooted" {
	needs ipv6
	scene server_ipv6
}

@test "socat gets ECONNRESET after its peer has rebooted" {
	scene socat
}
