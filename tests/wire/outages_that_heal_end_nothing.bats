#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# An outage that is over when one of the probes is sent ends nothing: the connection goes on and carries data. In the
# same outage, a connection whose path does not heal ends, so the probes were at work.

load ../lib/wire

# Probes after 2, 3, 4 and 5 s
DEAD=6

setup_file() {
	play_all <<-'END'
		before_first heals 1
		before_second heals 2.5
		before_third heals 3.5
		before_last heals 4.5
		after_last does_not_help 5.5
		server server_keeps 3.5
	END
}

teardown_file() {
	stop_all
}

# Two servers, and the way to the first one heals. A third client goes to the second server, without kashim.
open_connections() {
	needs_python
	settings 'idle = 2; interval = 1; count = 4;'
	peer one server accept 10.77.2.2 7000
	peer two server accept 10.77.2.2 7001
	says one listening
	says two listening
	wrapped_peer kashim client connect 10.77.2.2 7000
	wrapped_peer kashim-dead client connect 10.77.2.2 7001
	peer plain client connect 10.77.2.2 7001
	says one open
	says two open 2
	ping_from one two
	says one 'got pong'
	says two 'got pong' 2
	silence_of 7000
	network_cut 7000 7001
	within 0.9
}

heals() {
	open_connections
	network_heal_after "$1" 7000
	lost kashim-dead ETIMEDOUT $DEAD
	until_after 2 "$(now)"
	is_waiting kashim
	is_waiting plain
	carries_data kashim
	ping_from one
	says kashim 'got ping' 2
	row "outage of $1 s, then of the whole time" "never notices the dead one" \
		"lives; the dead one: ETIMEDOUT after $MEASURED s" "lives; $DEAD s"
}

# All probes are lost: it is dead when the next one would be due, and not before.
does_not_help() {
	open_connections
	network_heal_after "$1" 7000
	lost kashim ETIMEDOUT $DEAD
	is_waiting plain
	row "outage of $1 s, longer than the last probe" "still waiting" "ETIMEDOUT after $MEASURED s" "$DEAD s"
}

server_keeps() {
	needs_python
	settings 'idle = 2; interval = 1; count = 4;'
	wrapped_peer kashim server accept 10.77.2.2 7000
	wrapped_peer kashim-dead server accept 10.77.2.2 7001
	peer plain server accept 10.77.2.2 7002
	says kashim listening
	says kashim-dead listening
	says plain listening
	peer one client connect 10.77.2.2 7000
	peer two client connect 10.77.2.2 7001
	peer three client connect 10.77.2.2 7002
	says kashim open
	says kashim-dead open
	says plain open
	ping_from one two three
	says one 'got pong'
	says two 'got pong'
	says three 'got pong'
	silence_of 7000
	network_cut 7000 7001 7002
	within 1.9
	network_heal_after "$1" 7000
	lost kashim-dead ETIMEDOUT $DEAD
	until_after 2 "$(now)"
	is_waiting kashim
	is_waiting plain
	carries_data one
	ping_from kashim
	says one 'got ping'
	row "server, outage of $1 s, then of the whole time" "never notices the dead one" \
		"lives; the dead one: ETIMEDOUT after $MEASURED s" "lives; $DEAD s"
}

@test "a connection outlives an outage that is over before the first probe" {
	scene before_first
}

@test "a connection outlives an outage that is over before the second probe" {
	scene before_second
}

@test "a connection outlives an outage that is over before the third probe" {
	scene before_third
}

@test "a connection outlives an outage that is over before the last probe" {
	scene before_last
}

@test "a connection ends when the outage is over only after the last probe" {
	scene after_last
}

@test "a server's connection outlives an outage that is over before the third probe" {
	scene server
}
