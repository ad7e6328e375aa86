#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A descriptor's number comes back in ways that the library does not see. What it remembers of the number may then be out of
# date, and no decision about a socket follows from it: in each mode, with and without rules that look at connections.

load ../lib/live
load ../lib/play

WAYS=(fclose close_range closefrom)

# Without and with a rule that waits for a connection, which decides nothing here.
policy_in() {
	policy <<-END
		defaults: { mode = "$1"; idle = 33; interval = 11; count = 5; };
		rules = ( $2 );
	END
}

WAITING='{ remote = "192.0.2.1"; idle = 44; mode = "off"; }'

# The number of a socket of this kind, closed in this way, comes back as a duplicate of a TCP socket: b.
come_back() {
	take_port
	play 'l raw' "l bind 127.0.0.1 $PORT" 'l listen' 'a socket inet' "b socket $1" "b $2" 'b dup a' \
		'b set SO_KEEPALIVE 0' 'b set TCP_KEEPIDLE 500' "b connect 127.0.0.1 $PORT"
}

each_way() {
	local expected=$1 kind way
	for kind in unix udp inet; do
		for way in "${WAYS[@]}"; do
			come_back "$kind" "$way"
			have b "$expected"
		done
	done
}

# In this mode b has this, whatever its number was; perhaps with this rule.
duplicates_in() {
	policy_in "$1" "${3:-}"
	each_way "$2"
}

@test "tighten holds on a duplicate, whatever its number was" {
	duplicates_in tighten 1/33/11/5
	play_without
	have b 0/500/75/9
}

@test "tighten holds on a duplicate, whatever its number was, where rules wait" {
	duplicates_in tighten 1/33/11/5 "$WAITING"
}

@test "force holds on a duplicate, whatever its number was" {
	duplicates_in force 1/33/11/5
}

@test "force holds on a duplicate, whatever its number was, where rules wait" {
	duplicates_in force 1/33/11/5 "$WAITING"
}

@test "suggest keeps the program's own on a duplicate, whatever its number was" {
	duplicates_in suggest 0/500/11/5
}

@test "suggest keeps the program's own on a duplicate, whatever its number was, where rules wait" {
	duplicates_in suggest 0/500/11/5 "$WAITING"
}

@test "off leaves a duplicate alone, whatever its number was" {
	duplicates_in tighten 0/500/75/9 '{ program = "play"; mode = "off"; }'
}

# The number of a socket that libc made comes back as one that it did not make.
@test "a raw socket is brought in, whatever its number was" {
	local way
	policy_in tighten
	for way in "${WAYS[@]}"; do
		take_port
		play 'l raw' "l bind 127.0.0.1 $PORT" 'l listen' 'b socket unix' "b $way" 'b raw' "b connect 127.0.0.1 $PORT"
		have b "$POLICY"
	done
	play_without
	have b "$UNTOUCHED"
}

# What a program set is known of the socket, by whatever number it set it and connects; in this mode, perhaps with this rule.
own_stays_in() {
	local by
	policy_in "$1" "${2:-}"
	for by in 'b dup a' 'b dup a 30' 'b fcntl a 100' 'b received a'; do
		take_port
		play 'l raw' "l bind 127.0.0.1 $PORT" 'l listen' 'a socket inet' 'a set SO_KEEPALIVE 0' 'a set TCP_KEEPIDLE 7200' \
			"$by" "b connect 127.0.0.1 $PORT"
		have b 0/7200/11/5
	done
}

@test "suggest keeps what the program set before a duplicate connects" {
	own_stays_in suggest
	play_without
	have b "$UNTOUCHED"
}

@test "suggest keeps what the program set before a duplicate connects, where rules wait" {
	own_stays_in suggest "$WAITING"
}

@test "suggest by a rule for connections keeps what the program set before a duplicate connects" {
	own_stays_in off '{ remote = "127.0.0.1"; mode = "suggest"; }'
}

@test "each mode holds on a descriptor whose number is beyond all that are remembered" {
	local mode
	ulimit -n 70010 2>/dev/null || needs descriptors:70010
	for mode in tighten force suggest; do
		policy_in "$mode" '{ remote = "127.0.0.1"; idle = 44; }'
		take_port
		play 'l raw' "l bind 127.0.0.1 $PORT" 'l listen' 'a socket inet' 'b fcntl a 70000' 'b set TCP_KEEPCNT 3' \
			"b connect 127.0.0.1 $PORT" 'b set TCP_KEEPINTVL 500'
		case $mode in
		tighten) have b 1/44/11/3 ;;
		force) have b 1/44/11/5 ;;
		suggest) have b 1/44/500/3 ;;
		esac
	done
}

# The child has closed its own descriptor, and the parent's is as it was.
@test "a child of vfork(2) that closes a descriptor changes nothing for its parent" {
	policy_in suggest
	take_port
	play 'l raw' "l bind 127.0.0.1 $PORT" 'l listen' 'a socket inet' 'a set SO_KEEPALIVE 0' 'a closed_by_vfork' \
		"a connect 127.0.0.1 $PORT"
	have a 0/33/11/5
	policy_in force
	play "${PLAYED[@]}"
	have a "$POLICY"
}

# Two threads with tables of their own have other sockets under the same number.
@test "threads that do not share descriptors do not mislead one another" {
	needs_python
	policy_in force '{ remote_port = 7001; idle = 44; }'
	start "$PYTHON" -c '
import ctypes, os, socket, threading, time
libc = ctypes.CDLL(None, use_errno=True)
listeners = [socket.create_server(("127.0.0.1", port)) for port in (7001, 7002)]
ready = [threading.Event() for i in range(3)]
def other():
	assert libc.unshare(0x400) == 0, os.strerror(ctypes.get_errno())
	udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	number = udp.fileno()
	udp.close()
	tcp = socket.socket()
	assert tcp.fileno() == number
	ready[0].set()
	ready[1].wait()
	tcp.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0)
	tcp.connect(("127.0.0.1", 7001))
	tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 500)
	ready[2].set()
	time.sleep(60)
thread = threading.Thread(target=other, daemon=True)
thread.start()
ready[0].wait()
mine = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
mine.connect(("127.0.0.1", 7002))
ready[1].set()
ready[2].wait()
peer = listeners[0].accept()
print("ready", flush=True)
time.sleep(60)'
	wait_for is_played || fail "$(cat log)"
	in_scene ss -Htno state established dport = :7001 | grep -E 'timer:\(keepalive,(4[0-4]|[0-3]?[0-9])' ||
		fail "$(in_scene ss -tano)"
}
