#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What retransmit_max does, which every policy has: sent data that nobody acknowledges end a connection about when silence
# would, but not before about 15 s. An outage that is over before loses nothing, a peer that does not read is never given
# up, and connect(2) takes as long as ever.

load ../lib/wire
load ../lib/pairs

# idle 2 s, interval 1 s, count 3 would be 5 s of silence; the shortest time that the kernel can give is 15 s.
IN_FLIGHT=15

# Everything takes longer than what other files wait for.
# shellcheck disable=SC2034 # of basics.bash
PATIENCE=40

setup_file() {
	play_all <<-'END'
		client_ipv4 client_notices IPv4 10.77.2.2
		client_ipv6 client_notices IPv6 fd77:2::2
		server_ipv4 server_notices IPv4 10.77.2.2
		server_ipv6 server_notices IPv6 fd77:2::2
		heals outage_loses_nothing
		reader reader_pauses
		closed closed_reader
		hole connect_into_a_hole
		query query_into_a_hole
		clone clone_that_stalls
	END
}

teardown_file() {
	stop_all
}

begin() {
	needs_python
	needs retransmit-max
	settings 'idle = 2; interval = 1; count = 3;'
}

# The kernel looks when a retransmission is due, which it is every second: one more or less than this.
lost_in_flight() {
	local line
	says "$1" 'ended .*'
	line=$(grep -m 1 ^ended "$1.log")
	[ "${line% *}" = "ended ETIMEDOUT" ] || fail "$1: $line" || return
	MEASURED=${line##* }
	awk -v measured="$MEASURED" 'BEGIN { exit !(measured >= 14.4) }' || fail "$1: $line, too early" || return
	awk -v measured="$MEASURED" 'BEGIN { exit !(measured <= 17) }' || fail "$1: $line, too late"
}

client_notices() {
	local family=$1 address=$2
	begin
	open_clients "$address"
	network_cut
	within 1.9
	ping_from plain kashim
	lost_in_flight kashim
	is_waiting plain
	row "client, $family, data in flight" "still waiting after $MEASURED s" "ETIMEDOUT after $MEASURED s" "about $IN_FLIGHT s"
}

server_notices() {
	local family=$1 address=$2
	begin
	open_servers "$address"
	network_cut
	within 1.9
	ping_from plain kashim
	lost_in_flight kashim
	is_waiting plain
	row "server, $family, data in flight" "still waiting after $MEASURED s" "ETIMEDOUT after $MEASURED s" "about $IN_FLIGHT s"
}

# The way to the first server heals, that to the second one does not.
outage_loses_nothing() {
	begin
	peer one server accept 10.77.2.2 7000
	peer two server accept 10.77.2.2 7001
	says one listening
	says two listening
	wrapped_peer kashim client connect 10.77.2.2 7000
	peer plain client connect 10.77.2.2 7000
	wrapped_peer kashim-dead client connect 10.77.2.2 7001
	says one open 2
	says two open
	ping_from one two
	says one 'got pong' 2
	says two 'got pong'
	silence
	network_cut 7000 7001
	within 1.9
	ping_from kashim plain kashim-dead
	network_heal_after 9 7000
	says kashim 'got pong'
	says plain 'got pong'
	lost_in_flight kashim-dead
	is_waiting kashim
	is_waiting plain
	carries_data kashim
	row "outage of 9 s, data in flight" "lives" "lives; where it lasts: ETIMEDOUT after $MEASURED s" "lives; about $IN_FLIGHT s"
}

# Who sends, what the reader gets when it has paused for four times as long as data in flight may stay unacknowledged.
reader_pauses() {
	local name port=7000 sent
	begin
	settings 'idle = 2; interval = 1; count = 3; user_timeout = "auto";' user
	for name in plain kashim user; do
		start_named "to-$name" server "$PYTHON" "$ROOT/tests/lib/inside/flight.py" drain 10.77.2.2 "$port"
		says "to-$name" listening
		port=$((port + 1))
	done
	start_named plain client "$PYTHON" "$ROOT/tests/lib/inside/flight.py" fill 10.77.2.2 7000
	start_wrapped kashim client "$PYTHON" "$ROOT/tests/lib/inside/flight.py" fill 10.77.2.2 7001
	CONF=user start_wrapped user client "$PYTHON" "$ROOT/tests/lib/inside/flight.py" fill 10.77.2.2 7002
	for name in plain kashim user; do
		says "$name" 'sent [0-9]*'
	done
	until_after $((4 * IN_FLIGHT)) "$(now)"
	ping_from to-plain to-kashim to-user
	for name in plain kashim; do
		sent=$(sed -n 's/^sent //p' "$name.log")
		says "to-$name" "got $sent"
	done
	# The control: a user timeout has ended its connection.
	says to-user 'ended ECONNRESET'
	row "reader that pauses for $((4 * IN_FLIGHT)) s" "all $(sed -n 's/^sent //p' plain.log) bytes" \
		"all $sent bytes; with user_timeout: ECONNRESET" "all"
}

# The limit: nobody waits for a connection that the program has closed, and the kernel gives it up when the wait between
# retransmissions has reached its longest, be the peer alive. Its remedy is a sysctl.
closed_reader() {
	local name port=7000
	begin
	for name in plain kashim remedy; do
		[ "$name" != remedy ] || in_client sh -c 'echo 16 >/proc/sys/net/ipv4/tcp_orphan_retries'
		start_named "to-$name" server "$PYTHON" "$ROOT/tests/lib/inside/flight.py" drain 10.77.2.2 "$port"
		says "to-$name" listening
		if [ "$name" = plain ]; then
			start_named "$name" client "$PYTHON" "$ROOT/tests/lib/inside/flight.py" fill 10.77.2.2 "$port" close
		else
			start_wrapped "$name" client "$PYTHON" "$ROOT/tests/lib/inside/flight.py" fill 10.77.2.2 "$port" close
		fi
		says "$name" 'sent [0-9]*'
		wait_for ended "$name"
		[ "$name" != kashim ] || wait_for no_orphan
		until_after 4 "$(now)"
		ping_from "to-$name"
		says "to-$name" 'ended .*'
		port=$((port + 1))
	done
	for name in plain remedy; do
		said "to-$name" 'ended EOF'
		said "to-$name" "got $(sed -n 's/^sent //p' "$name.log")"
	done
	said to-kashim 'ended ECONNRESET'
	row "the same, 4 s, closed by the program" "all" "ECONNRESET; with tcp_orphan_retries = 16: all" "see LIMITS"
}

no_orphan() {
	[ -z "$(in_client ss -Htn 'dport = :7001')" ]
}

connect_into_a_hole() {
	local name expected
	begin
	in_client sh -c 'echo 2 >/proc/sys/net/ipv4/tcp_syn_retries'
	network_cut
	start_named plain client "$PYTHON" "$ROOT/tests/lib/inside/flight.py" hole 10.77.2.2 7000
	start_wrapped kashim client "$PYTHON" "$ROOT/tests/lib/inside/flight.py" hole 10.77.2.2 7000
	start_wrapped nonblock client "$PYTHON" "$ROOT/tests/lib/inside/flight.py" hole 10.77.2.2 7000 nonblock
	for name in plain kashim nonblock; do
		says "$name" 'ended ETIMEDOUT .*'
	done
	expected=$(sed -n 's/^ended ETIMEDOUT //p' plain.log)
	for name in kashim nonblock; do
		awk -v one="$(sed -n 's/^ended ETIMEDOUT //p' "$name.log")" -v other="$expected" \
			'BEGIN { exit !(one > other - 1 && one < other + 1) }' ||
			fail "$name: $(cat "$name.log"), and without kashim $expected s"
	done
	row "connect(2) into a hole" "ETIMEDOUT after $expected s" "ETIMEDOUT after $(sed -n 's/^ended ETIMEDOUT //p' kashim.log) s" "the same"
}

# A shell of a database waits for the answer to a query that never arrives.
query_into_a_hole() {
	local postgres as=(setpriv --reuid=65534 --regid=65534 --clear-groups) status ended
	begin
	needs root other-users psql
	postgres=$(type -P postgres) || postgres=$(find /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sort -V | tail -n 1)
	[ -n "$postgres" ] || needs postgres
	postgres=$(readlink -f "$postgres")
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/file" "$BATS_FILE_TMPDIR" . || :
	mkdir database
	chown 65534:65534 database
	"${as[@]}" "${postgres%/*}/initdb" -D database -U postgres -A trust --no-sync >initdb.log 2>&1
	echo 'host all all 10.77.0.0/16 trust' >>database/pg_hba.conf
	start_named server server "${as[@]}" "$postgres" -D "$PWD/database" -p 7000 -c listen_addresses=10.77.2.2 \
		-c unix_socket_directories= -c fsync=off
	wait_for grep -q 'ready to accept connections' server.log
	mkfifo plain.in kashim.in
	start_named plain client psql -X -h 10.77.2.2 -p 7000 -U postgres -d postgres -Atq
	start_wrapped kashim client psql -X -h 10.77.2.2 -p 7000 -U postgres -d postgres -Atq
	type_into "select 'welcome';" plain kashim
	says plain welcome
	says kashim welcome
	silence
	network_cut
	within 1.9
	type_into "select 'hello';" plain kashim
	wait_for ended kashim
	read -r status ended <kashim.end
	grep -q 'Connection timed out' kashim.log || fail "$(cat kashim.log)"
	MEASURED=$(in_seconds $((ended - PINGED)))
	awk -v measured="$MEASURED" 'BEGIN { exit !(measured >= 14.4 && measured <= 17.5) }' || fail "after $MEASURED s"
	not ended plain
	row "psql, a query into a hole" "still waiting" "exit status $status after $MEASURED s" "about $IN_FLIGHT s"
}

# The server of a repository has more to send, and its client waits for it. At the server data are in flight; at the client
# there is silence, and probes end it.
clone_that_stalls() {
	local ssh name client server
	begin
	needs git ssh sshd ssh-keygen root
	ssh-keygen -q -t ed25519 -N '' -f host_key </dev/null
	ssh-keygen -q -t ed25519 -N '' -f user_key </dev/null
	mkdir -p /run/sshd
	git init -q --bare repository
	head -c 30000000 /dev/urandom >blob
	git -C repository update-ref refs/heads/main "$(git -C repository -c user.name=x -c user.email=x@example.org \
		commit-tree -m x "$(printf '100644 blob %s\tblob\n' "$(git -C repository hash-object -w ../blob)" |
			git -C repository mktree)")"
	git -C repository symbolic-ref HEAD refs/heads/main
	# It sends a tenth of a megabyte at a time, so there is always something left.
	printf '#!/bin/sh\ngit upload-pack "$@" | while dd bs=100000 count=1 status=none && sleep 0.05; do :; done\n' >slowly
	chmod 755 slowly
	printf '%s\n' "HostKey $PWD/host_key" "AuthorizedKeysFile $PWD/user_key.pub" 'PidFile none' 'UsePAM no' 'StrictModes no' \
		'PermitRootLogin yes' 'TCPKeepAlive no' >sshd_config
	ssh="ssh -F none -i $PWD/user_key -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile=/dev/null"
	ssh+=" -o StrictHostKeyChecking=no -o TCPKeepAlive=no"
	start_named to-plain server "$(command -v sshd)" -D -e -f "$PWD/sshd_config" -o ListenAddress=10.77.2.2:7000
	start_wrapped to-kashim server "$(command -v sshd)" -D -e -f "$PWD/sshd_config" -o ListenAddress=10.77.2.2:7001
	says to-plain 'Server listening .*'
	says to-kashim 'Server listening .*'
	start_named plain client git -c "core.sshCommand=$ssh -p 7000" clone -q --upload-pack "$PWD/slowly" \
		"ssh://root@10.77.2.2$PWD/repository" plain-clone
	start_wrapped kashim client git -c "core.sshCommand=$ssh -p 7001" clone -q --upload-pack "$PWD/slowly" \
		"ssh://root@10.77.2.2$PWD/repository" kashim-clone
	wait_for has_begun plain-clone
	wait_for has_begun kashim-clone
	network_cut
	PINGED=$(now)
	wait_for ended kashim
	read -r _ client <kashim.end
	wait_for has_lost 7001
	server=$(now)
	not ended plain
	not has_lost 7000
	MEASURED=$(in_seconds $((server - PINGED)))
	awk -v measured="$MEASURED" 'BEGIN { exit !(measured >= 13 && measured <= 19) }' || fail "the server after $MEASURED s"
	row "git clone over ssh that stalls" "still waiting" \
		"client after $(in_seconds $((client - PINGED))) s, server after $MEASURED s" "about $IN_FLIGHT s"
}

has_begun() {
	[ "$(du -sk "$1" 2>/dev/null | cut -f 1)" -ge 1000 ] 2>/dev/null
}

# The server's end of it is gone.
has_lost() {
	[ -z "$(in_server ss -Htn "sport = :$1")" ]
}

@test "a client with unacknowledged data ends when silence would end it, over IPv4" {
	scene client_ipv4
}

@test "a client with unacknowledged data ends when silence would end it, over IPv6" {
	scene client_ipv6
}

@test "a server with unacknowledged data ends when silence would end it, over IPv4" {
	scene server_ipv4
}

@test "a server with unacknowledged data ends when silence would end it, over IPv6" {
	scene server_ipv6
}

@test "an outage that is over before data in flight are given up loses nothing" {
	scene heals
}

@test "a reader that pauses for four times the limit of data in flight gets every byte" {
	scene reader
}

@test "a closed connection to a peer that does not read ends early, until a sysctl prevents it" {
	scene closed
}

@test "a connect into a hole takes as long as without the shim" {
	scene hole
}

@test "psql is told of a query that went into a hole" {
	scene query
}

@test "a git clone over ssh that stalls is ended" {
	scene clone
}
