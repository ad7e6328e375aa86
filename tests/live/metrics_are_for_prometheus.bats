#!/usr/bin/env bats
# bats file_tags=alone
# SPDX-License-Identifier: MIT
# kashim watch --metrics writes what it has found for the textfile collector of Prometheus' node exporter, at once and whole;
# kashim status --metrics prints it once. Prometheus' own promtool checks both.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a process of its own, and means its own

load ../lib/live
load ../lib/play
load ../lib/status

value_of() {
	sed -n "s/^$1 //p" "${2:-metrics.prom}"
}

is_in_order() {
	needs promtool
	promtool check metrics <"$1" >checked 2>&1 || fail "$(cat checked)"
	[ ! -s checked ] || fail "$(cat checked)"
	grep -q '^# TYPE kashim_sockets gauge' "$1" || fail "control: $(cat "$1")"
}

scene_with_two_clients() {
	unwrap
	take_port
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' 'c set SO_KEEPALIVE 1' "c connect 127.0.0.1 $PORT" \
		'd socket inet' "d connect 127.0.0.1 $PORT"
}

@test "status --metrics counts the sockets of one process once" {
	scene_with_two_clients
	kashim status --metrics "$PID" >once
	is_in_order once
	[ "$(value_of 'kashim_sockets{state="established",keepalive="on"}' once)" = 1 ]
	[ "$(value_of 'kashim_sockets{state="established",keepalive="off"}' once)" = 1 ]
	[ "$(value_of 'kashim_sockets{state="listen",keepalive="off"}' once)" = 1 ]
	[ "$(value_of kashim_sockets_unprotected once)" = 3 ]
	[ "$(value_of kashim_policy_good once)" = 1 ]
	not grep -q kashim_sweeps once
	kashim apply "$PID" >out
	kashim status --metrics "$PID" >once
	[ "$(value_of 'kashim_sockets{state="established",keepalive="on"}' once)" = 2 ]
	[ "$(value_of kashim_sockets_unprotected once)" = 0 ]
}

@test "metrics show the kernel's own counters" {
	needs_scene
	in_scene env KASHIM_CONF="$PWD/k.conf" "$COMMAND" status --metrics >once
	netns=$(in_scene readlink /proc/self/ns/net | tr -dc 0-9)
	for pair in TCPKeepAlive:keepalive_probes TCPAbortOnTimeout:timed_out_connections TCPTimeouts:retransmission_timeouts; do
		expected=$(in_scene cat /proc/net/netstat | awk -v name="${pair%%:*}" '/^TcpExt:/ && !n { for (i = 1; i <= NF; i++) if ($i == name) n = i; next }
			/^TcpExt:/ { print $n }')
		[ -n "$expected" ] || fail "control: the kernel has no ${pair%%:*}"
		[ "$(value_of "kashim_kernel_${pair#*:}_total{netns=\"$netns\"}" once)" = "$expected" ] || fail "$(cat once)"
	done
}

@test "watch --metrics replaces a file that all may read at each sweep" {
	needs_root
	printf 'defaults: { mode = "off"; };\nrules = ( { program = "%s/*"; mode = "tighten"; idle = 33; interval = 11; count = 5; } );\n' \
		"$PWD" >watch.conf
	cp "$PLAY" here
	unwrap
	start_plain "$PWD/here" 'a socket inet' 'a bind 127.0.0.1 0' 'a listen'
	wait_for has "$PID" listen
	(
		umask 077
		exec "$COMMAND" watch --conf watch.conf --every 1s --metrics metrics.prom >watch.log 2>&1 3>&-
	) &
	STARTED+=("$!")
	wait_for test -e metrics.prom
	is_in_order metrics.prom
	[ "$(stat -c %a metrics.prom)" = 644 ]
	[ "$(value_of kashim_sockets_changed_total)" = 1 ] || fail "$(cat metrics.prom)"
	# The number of its inode is not given to another file while this name is there.
	ln metrics.prom first
	wait_for sweeps_are_more_than 2
	[ ! metrics.prom -ef first ]
	is_in_order metrics.prom
	[ "$(value_of kashim_sockets_changed_total)" = 1 ]
	[ ! -e metrics.prom.new ]
	# The network namespace of the scene is among those that it lists.
	! needs_scene || grep -q "netns=\"$(in_scene readlink /proc/self/ns/net | tr -dc 0-9)\"" metrics.prom
}

sweeps_are_more_than() {
	[ "$(value_of kashim_sweeps_total)" -gt "$1" ]
}

@test "watch --metrics says once that the file cannot be written, and goes on" {
	needs_root
	printf 'defaults: { mode = "off"; };\n' >watch.conf
	mkdir directory
	"$COMMAND" watch --conf watch.conf --every 1s --metrics directory/gone/metrics.prom >watch.log 2>&1 3>&- &
	STARTED+=("$!")
	wait_for grep -q 'cannot be written: No such file' watch.log
	mkdir directory/gone
	wait_for test -e directory/gone/metrics.prom
	[ "$(grep -c 'cannot be written' watch.log)" -eq 1 ]
}
