#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Connections carry TCP_RTO_MAX_MS, by which data that nobody acknowledges end them about when silence would: idle 60 s,
# interval 10 s and count 6 are 120 s, and that is 10,800 ms. tests/wire shows what comes of it.

load ../lib/live
load ../lib/play

KERNEL=120000

with_the_default() {
	needs retransmit-max
	policy <<<'defaults: { idle = 60; interval = 10; count = 6; };'
}

# Sockets and their values: a 10800 b 120000
end_after() {
	while [ $# -gt 0 ]; do
		has_option "$1" TCP_RTO_MAX_MS "$2" || return
		shift 2
	done
}

# a listens, b connects to it and is accepted as c.
pair() {
	take_port
	play "a socket $1" "a bind $2 $PORT" 'a listen' "b socket ${3:-$1}" "b connect $2 $PORT" 'c accept a'
}

all_have_an_end() {
	with_the_default
	pair "$@"
	end_after a 10800 b 10800 c 10800
	play_without
	end_after a $KERNEL b $KERNEL c $KERNEL
}

@test "a listener, what it accepts and a client have a retransmit_max" {
	all_have_an_end inet 127.0.0.1
}

@test "a listener, what it accepts and a client have a retransmit_max over IPv6" {
	all_have_an_end inet6 ::1
}

@test "a client that does not wait for connect has a retransmit_max once it asks how that went" {
	with_the_default
	take_port
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'b socket inet nonblock' "b connect 127.0.0.1 $PORT" \
		'd socket inet nonblock' "d connect 127.0.0.1 $PORT" 'b ready'
	grep -qF "b connect 127.0.0.1 $PORT: -1 EINPROGRESS" log || fail "control: connect waited"
	end_after b 10800 d $KERNEL
	play_without
	end_after b $KERNEL
}

@test "a client that calls connect again has a retransmit_max then" {
	with_the_default
	take_port
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'b socket inet nonblock' "b connect 127.0.0.1 $PORT" \
		'c accept a' "b connect 127.0.0.1 $PORT"
	end_after b 10800
}

@test "sockets without a connection have no retransmit_max, which would cut connect short" {
	with_the_default
	take_port
	play 'a socket inet' 'b socket inet' "b connect 127.0.0.1 $PORT" 'c socket inet' "c bind 127.0.0.1 $PORT"
	grep -qF "b connect 127.0.0.1 $PORT: -1 ECONNREFUSED" log || fail "control: the connection is not refused"
	have a 1/60/10/6 b 1/60/10/6
	end_after a $KERNEL b $KERNEL c $KERNEL
}

@test "a descriptor's number that comes back starts without the retransmit_max of before" {
	with_the_default
	take_port
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'b socket inet nonblock' "b connect 127.0.0.1 $PORT" \
		'b fclose' 'c socket inet' "c connect 127.0.0.1 $PORT" 'd socket inet'
	[ "$(fd_of c)" = "$(sed -n 's/^b socket.*: \([0-9]*\) 0$/\1/p' log)" ] || fail "control: the number did not come back: $(cat log)"
	end_after c 10800 d $KERNEL
}

@test "MPTCP has no retransmit_max, and plain connections of its listeners have none" {
	with_the_default
	needs mptcp
	pair mptcp 127.0.0.1 inet
	have a 1/60/10/6 b 1/60/10/6 c 1/60/10/6
	end_after b 10800 c $KERNEL
	# It says nothing of the kernel: what comes later has it.
	take_port
	play 'd socket mptcp' "d bind 127.0.0.1 $PORT" 'd listen' 'e socket mptcp' "e connect 127.0.0.1 $PORT" 'f accept d' \
		'g socket inet' "g connect 127.0.0.1 $PORT"
	have e 1/60/10/6 f 1/60/10/6
	end_after g 10800
}

@test "TCP_RTO_MAX_MS is left alone by retransmit_max off, and where there is a user timeout" {
	with_the_default
	local setting
	for setting in 'retransmit_max = "off"' 'user_timeout = 9000'; do
		policy <<<"defaults: { idle = 60; interval = 10; count = 6; $setting; };"
		pair inet 127.0.0.1
		have a 1/60/10/6
		end_after a $KERNEL b $KERNEL c $KERNEL
	done
}

@test "a retransmit_max of one's own is set as it is" {
	with_the_default
	policy <<<'defaults: { retransmit_max = "2s"; };'
	pair inet 127.0.0.1
	end_after a 2000 b 2000 c 2000
}

# What a program sets before and after connect, and what holds then.
own() {
	local mode=$1 before=$2 after=$3
	take_port
	policy <<<"defaults: { mode = \"$mode\"; idle = 60; interval = 10; count = 6; };"
	play 'a socket inet' "a set TCP_RTO_MAX_MS $before" "a bind 127.0.0.1 $PORT" 'a listen' 'b socket inet' \
		"b set TCP_RTO_MAX_MS $before" "b connect 127.0.0.1 $PORT" 'c accept a' 'd socket inet' \
		"d connect 127.0.0.1 $PORT" "d set TCP_RTO_MAX_MS $after"
}

@test "in mode tighten the smaller retransmit_max holds, whoever set it" {
	with_the_default
	own tighten 5000 4000
	end_after a 5000 b 5000 c 5000 d 4000
	own tighten 50000 40000
	end_after a 10800 b 10800 c 10800 d 10800
}

@test "in mode force the policy's retransmit_max holds" {
	with_the_default
	own force 5000 4000
	end_after a 10800 b 10800 c 10800 d 10800
}

@test "in mode suggest the program's retransmit_max holds" {
	with_the_default
	own suggest 5000 40000
	end_after a 5000 b 5000 c 5000 d 40000
}

@test "rules that look at connections decide about retransmit_max" {
	with_the_default
	take_port
	policy <<-END
		defaults: { idle = 60; interval = 10; count = 6; };
		rules = (
			{ direction = "connect"; remote = "127.0.0.2"; retransmit_max = "3s"; },
			{ direction = "accept"; remote = "127.0.0.3"; retransmit_max = "4s"; },
			{ direction = "accept"; remote = "127.0.0.4"; retransmit_max = "off"; }
		);
	END
	play 'a socket inet' "a bind 0.0.0.0 $PORT" 'a listen' 'b socket inet' "b connect 127.0.0.2 $PORT" 'c accept a' \
		'd socket inet' 'd bind 127.0.0.3 0' "d connect 127.0.0.1 $PORT" 'e accept a' \
		'f socket inet' 'f bind 127.0.0.4 0' "f connect 127.0.0.1 $PORT" 'g accept a' \
		'h socket inet nonblock' "h connect 127.0.0.2 $PORT" 'h ready'
	end_after a 10800 b 3000 c 10800 d 10800 e 4000 f 10800 g $KERNEL h 3000
}

@test "connections and listeners that came from elsewhere have a retransmit_max" {
	with_the_default
	take_port
	play 'a raw' "a bind 127.0.0.1 $PORT" 'a listen' 'b socket inet' "b connect 127.0.0.1 $PORT" 'c accept a'
	end_after a 10800 c 10800
}

# As an older kernel answers. The trace says what it costs there.
@test "a kernel without TCP_RTO_MAX_MS is asked for it once" {
	with_the_default
	local setsockopt
	needs seccomp strace
	take_port
	setsockopt=$(awk '$2 == "__NR_setsockopt" { print $3 }' <(echo '#include <sys/syscall.h>' | "${CC:-cc}" -E -dM -))
	in_scene strace -o trace "$PLAY" "z confine ENOPROTOOPT $setsockopt" exec "${WRAPPED[@]}" "$PLAY" \
		'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'b socket inet' "b connect 127.0.0.1 $PORT" 'c accept a' \
		'd socket inet' "d connect 127.0.0.1 $PORT" 'e socket inet' "e connect 127.0.0.1 $PORT" exec true >log
	[ "$(grep -c '^connect(.* = 0$' trace)" = 3 ] || fail "control: $(cat log)"
	[ "$(grep -cE '^setsockopt\([0-9]+, SOL_TCP, (0x2c|TCP_RTO_MAX_MS)' trace)" = 1 ] || fail "$(grep sockopt trace)"
}

@test "retransmit_max follows the number of retransmissions of the host that compiled the policy" {
	with_the_default
	local retries
	needs_root
	needs network-namespaces
	printf 'defaults: { idle = 60; interval = 10; count = 6; };\n' >k.conf
	for retries in '10 23700' '8 120000'; do
		# shellcheck disable=SC2016 # the inner shell expands them
		unshare --net sh -c 'echo "$1" >/proc/sys/net/ipv4/tcp_retries2; shift; exec "$@"' sh "${retries% *}" \
			"$ROOT/build/kashim" compile k.conf
		pair inet 127.0.0.1
		end_after b "${retries#* }"
	done
}

@test "status says when silence and data in flight end, and apply gives both to what is open" {
	with_the_default
	unwrap
	pair inet 127.0.0.1
	KASHIM_CONF=k.conf "$ROOT/build/kashim" status "$PID" >before
	grep -E ' never +15m25s .*retransmit_max 10800ms' before || fail "$(cat before)"
	KASHIM_CONF=k.conf "$ROOT/build/kashim" apply "$PID" >applied
	end_after a 10800 b 10800 c 10800
	KASHIM_CONF=k.conf "$ROOT/build/kashim" status "$PID" >after
	[ "$(grep -cE ' 2m +2m ' after)" = 3 ] || fail "$(cat after)"
}
