#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Data on its way to a host that is gone holds keepalive back: the kernel sends it again and again, for a quarter of an
# hour. With user_timeout = "auto" such a connection ends in the time in which an idle one ends.

load ../lib/wire

# idle 2 s, interval 1 s, count 3
DEAD=5

setup_file() {
	play_all <<-'END'
		client_ipv4 client_notices IPv4 10.77.2.2
		client_ipv6 client_notices IPv6 fd77:2::2
		server server_notices
	END
}

teardown_file() {
	stop_all
}

policies() {
	settings 'idle = 2; interval = 1; count = 3;' short
	settings 'idle = 2; interval = 1; count = 3; user_timeout = "auto";' auto
}

# Well after the time in which an idle connection ends.
still_waiting() {
	until_after $((2 * DEAD))
	is_waiting plain
	is_waiting short
}

client_notices() {
	local family=$1 address=$2 sent
	needs_python
	policies
	peer server server accept "$address" 7000
	says server listening
	peer plain client connect "$address" 7000
	CONF=short wrapped_peer short client connect "$address" 7000
	CONF=auto wrapped_peer auto client connect "$address" 7000
	CONF=auto wrapped_peer idle client connect "$address" 7000
	says server open 4
	ping_from server
	says server 'got pong' 4
	silence
	network_cut
	within 1.9
	ping_from plain short auto
	lost auto ETIMEDOUT $DEAD
	sent=$MEASURED
	lost idle ETIMEDOUT $DEAD
	still_waiting
	row "client, $family, data in flight" "still waiting after $((2 * DEAD)) s; the same with keepalive alone" \
		"user_timeout auto: ETIMEDOUT after $sent s; idle: $MEASURED s" "$DEAD s"
}

server_notices() {
	local name port=7000 sent
	needs_python
	policies
	peer plain server accept 10.77.2.2 7000
	CONF=short wrapped_peer short server accept 10.77.2.2 7001
	CONF=auto wrapped_peer auto server accept 10.77.2.2 7002
	CONF=auto wrapped_peer idle server accept 10.77.2.2 7003
	for name in plain short auto idle; do
		says "$name" listening
		peer "of-$name" client connect 10.77.2.2 "$port"
		says "$name" open
		port=$((port + 1))
	done
	ping_from of-plain of-short of-auto of-idle
	for name in plain short auto idle; do
		says "of-$name" 'got pong'
	done
	silence
	network_cut
	within 1.9
	ping_from plain short auto
	lost auto ETIMEDOUT $DEAD
	sent=$MEASURED
	lost idle ETIMEDOUT $DEAD
	still_waiting
	row "server, IPv4, data in flight" "still waiting after $((2 * DEAD)) s; the same with keepalive alone" \
		"user_timeout auto: ETIMEDOUT after $sent s; idle: $MEASURED s" "$DEAD s"
}

@test "user_timeout ends a client's data in flight to a dead peer, over IPv4" {
	scene client_ipv4
}

@test "user_timeout ends a client's data in flight to a dead peer, over IPv6" {
	needs ipv6
	scene client_ipv6
}

@test "user_timeout ends a server's data in flight to a dead peer" {
	scene server
}
