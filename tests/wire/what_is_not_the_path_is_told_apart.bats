#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# kashim measure does not take for a forgetful path what is none: a server that ends silent connections, is never silent,
# refuses, does not answer or starts anew. It never has more than 16 connections, and is not disturbed by a library that
# puts probes on every socket.

load ../lib/wire
load ../lib/measure

setup_file() {
	play_all <<-'END'
		closes server_closes
		closes_before_nat server_closes_behind_nat
		speaks server_speaks
		restarts server_restarts
		refuses server_refuses
		silent server_is_not_there
		ssh server_is_sshd
		mute no_probe_is_answered
		sixteen sixteen_at_most
		preloaded library_is_loaded
		interrupted ctrl_c
		local own_address
	END
}

teardown_file() {
	stop_all
}

# The server's own patience is less than that of any path here.
server_closes() {
	needs_python
	serve 10.77.2.2 6
	measure --json --shortest 2s --longest 20s 10.77.2.2:7000
	exits_with 1
	has outcome '"closed_by_server"'
	has path_timeout null
	holds "5.5 <= $(result server_closes) && $(result server_closes) <= 6.5"
	holds "$(result remembered) >= 4.5 && $(result remembered) <= 6"
	row "measure, server that closes after 6 s" "-" "closed by the server after $(result server_closes) s" "6 s"
}

# What the server sends then does not come through, since the path has forgotten before.
server_closes_behind_nat() {
	needs_python
	network_nat 4
	serve 10.77.2.2 6
	measure --json --shortest 1s --longest 20s 10.77.2.2:7000
	exits_with 0
	has outcome '"measured"'
	remembers_less_than 4
	holds "4 <= $(result forgotten) && $(result forgotten) <= 6"
	holds "5.5 <= $(result server_closes) && $(result server_closes) <= 6.5"
	row "measure, NAT, 4 s, server that closes after 6 s" "-" \
		"remembered $(result remembered) s, forgotten $(result forgotten) s" "4 s"
}

# It has keepalive itself.
server_speaks() {
	needs_python
	settings 'idle = 3; interval = 3; count = 5;'
	wrapped_peer server server accept 10.77.2.2 7000
	says server listening
	measure --json --shortest 1s --longest 12s 10.77.2.2:7000
	exits_with 1
	has outcome '"server_speaks"'
	holds "2.9 <= $(result server_speaks) && $(result server_speaks) <= 3.6"
	row "measure, server with probes each 3 s" "-" "the server speaks each $(result server_speaks) s" "3 s"
}

# All connections are reset in the middle; what was not done is done again.
server_restarts() {
	local killer
	needs_python
	serve
	in_server ss -K dst 10.77.99.99 >/dev/null || skip "ss cannot end connections here"
	(
		wait_for has_connections 12
		until_after 3 "$(now)"
		in_server ss -K dst 10.77.1.2 >killed
	) &
	killer=$!
	measure --json --shortest 1s --longest 8s 10.77.2.2:7000
	wait "$killer"
	[ "$(grep -c ESTAB killed)" -gt 1 ] || skip "ss cannot end connections here"
	grep -q '"void"' out.log
	exits_with 1
	has outcome '"remembered"'
	holds "$(result remembered) >= 8"
	row "measure, server that starts anew" "-" "nothing forgotten" "nothing"
}

server_refuses() {
	measure 10.77.2.2:7000
	exits_with 1
	grep -qx 'kashim: 10.77.2.2:7000: cannot be connected to: Connection refused' err.log
	row "measure, nobody listens" "-" "refused" "refused"
}

server_is_not_there() {
	network_cut
	measure 10.77.2.2:7000
	exits_with 1
	grep -qx 'kashim: 10.77.2.2:7000: cannot be connected to: Connection timed out' err.log
	row "measure, nobody answers" "-" "timed out" "timed out"
}

# It speaks first, lets only 9 wait for a login and ends the others at once, and those after 8 seconds.
server_is_sshd() {
	needs root sshd ssh-keygen
	network_nat 5
	ssh-keygen -q -t ed25519 -N '' -f host_key
	mkdir -p /run/sshd
	start_named sshd server "$(command -v sshd)" -D -e -f /dev/null -o "ListenAddress=10.77.2.2:7000" -o "HostKey=$PWD/host_key" \
		-o PidFile=none -o UsePAM=no -o MaxStartups=9 -o LoginGraceTime=8
	says sshd 'Server listening on .*'
	measure --json --shortest 2s --longest 16s 10.77.2.2:7000
	exits_with 0
	grep -q '"void"' out.log
	remembers_less_than 5
	holds "5 <= $(result forgotten)"
	row "measure, NAT, 5 s, sshd" "-" "remembered $(result remembered) s, forgotten $(result forgotten) s" "5 s"
}

# Empty segments of the server's get lost, but not those with SYN.
no_probe_is_answered() {
	needs_python
	network_rules <<-'END'
		table inet mute {
			chain mute {
				type filter hook prerouting priority -400
				iifname "to-server" tcp flags & (syn | ack) == ack drop
			}
		}
	END
	serve
	measure --json --shortest 1s --longest 8s 10.77.2.2:7000
	exits_with 1
	has outcome '"no_answers"'
	row "measure, probes are never answered" "-" "no answers" "no answers"
}

# Counted while they are open, 20 times a second; with 14 silences there are 15 at the beginning, and the control
# is that so many are seen.
sixteen_at_most() {
	local counter most
	needs_python
	network_nat 4
	serve
	: >counts
	(
		while [ ! -e measured ]; do
			in_client ss -Htn | wc -l >>counts
			sleep 0.05
		done
	) &
	counter=$!
	measure --json --shortest 2s --longest 16s 10.77.2.2:7000
	touch measured
	wait "$counter"
	exits_with 0
	most=$(sort -n counts | tail -n 1)
	[ "$most" -ge 14 ] || fail "control: $most connections were seen"
	[ "$most" -le 16 ] || fail "$most connections"
	row "measure, connections at once" "-" "$most" "16 at most"
}

# With probes each second on its sockets it would find that nothing is ever forgotten.
library_is_loaded() {
	needs_python
	network_nat 4
	settings 'mode = "force"; idle = 1; interval = 1; count = 3;'
	serve
	# shellcheck disable=SC2034 # measure.bash reads it
	WITH=(env "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$SHIM")
	measure --json --shortest 2s --longest 9s 10.77.2.2:7000
	exits_with 0
	remembers_less_than 4
	holds "4 <= $(result forgotten)"
	row "measure, NAT, 4 s, library loaded" "-" \
		"remembered $(result remembered) s, forgotten $(result forgotten) s" "4 s"
}

# What is known by then is shown.
ctrl_c() {
	needs_python
	serve
	start_named measure client "$ROOT/build/kashim" measure --shortest 1s --longest 5m 10.77.2.2:7000
	wait_for grep -q ' 3.7s  remembered' measure.log || fail "$(cat measure.log)"
	kill -INT "$(pid_of measure)"
	wait_for ended measure
	[ "$(cut -d' ' -f1 measure.end)" = 1 ] || fail "$(cat measure.end)"
	grep -q '^Interrupted: this is what is known so far' measure.log
	grep -q '^remembered  for [2-9].*s, the longest silence' measure.log
	row "measure, Ctrl-C" "-" "shows what is known" "shows what is known"
}

own_address() {
	needs_python
	network_ip -n "$NETWORK-client" addr add 10.77.1.9/24 dev eth0
	network_ip -n "$NETWORK-router" neigh replace 10.77.1.9 lladdr 02:00:00:77:01:02 dev to-client
	serve
	measure --json --shortest 1s --longest 2s --local 10.77.1.9 10.77.2.2:7000
	exits_with 1
	has local '"10.77.1.9"'
	measure --local 10.77.1.77 10.77.2.2:7000
	exits_with 1
	grep -qx 'kashim: 10.77.2.2:7000: cannot be connected to: Cannot assign requested address' err.log
	row "measure, --local" "-" "from that address" "from that address"
}

@test "measure recognises a server that closes silent connections" {
	scene closes
}

@test "measure finds when a NAT forgets, also where the server closes silent connections later" {
	scene closes_before_nat
}

@test "measure recognises a server that sends probes itself" {
	scene speaks
}

@test "measure goes on when the server starts anew in the middle" {
	scene restarts
}

@test "measure says that a server refuses connections" {
	scene refuses
}

@test "measure says that a server is not there" {
	scene silent
}

@test "measure copes with sshd, which speaks first and ends what waits for a login" {
	scene ssh
}

@test "measure says that probes are never answered" {
	scene mute
}

@test "measure never has more than 16 connections at a time" {
	scene sixteen
}

@test "measure puts no probes on its sockets when the library is preloaded into it" {
	scene preloaded
}

@test "measure shows what it knows when it is interrupted" {
	scene interrupted
}

@test "measure connects from the local address that it is told" {
	scene local
}
