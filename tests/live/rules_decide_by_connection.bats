#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Rules with direction, addresses or ports decide when the connection is known; until then the other rules hold. What
# the socket has, what the shim says of it and what kashim explain says are the same.

load ../lib/live
load ../lib/play

# A connection got this idle time by the rule at that line: seen from outside, as reported, and as explained.
decided() {
	local socket=$1 direction=$2 idle=$3 line=$4
	local sets="idle $idle s, interval 11 s, count 5"
	have "$socket" "1/$idle/11/5" || return
	[[ $(reported "$socket") == *": $sets, "*"mode "*", by $PWD/k.conf:$line" ]] ||
		fail "reported: $(reported "$socket"), not $sets by line $line" || return
	explain "$socket" "$direction"
	grep -q "^rule .*k.conf:$line\$" explained || fail "line $line? $(cat explained)" || return
	grep -q "^sets .* ${sets}[, ]" explained || fail "$sets? $(cat explained)"
}

# A connection is left alone, by the rule at that line.
left_alone() {
	local socket=$1 direction=$2 line=$3
	[[ $(reported "$socket") == *": left alone, by $PWD/k.conf:$line" ]] ||
		fail "reported: $(reported "$socket")" || return
	explain "$socket" "$direction"
	grep -q "^rule .*k.conf:$line\$" explained || fail "line $line? $(cat explained)" || return
	grep -q '^sets .*mode off$' explained || fail "$(cat explained)"
}

reported() {
	grep ": connection $(fd_of "$1"): " verbose | tail -n 1
}

explain() {
	KASHIM_CONF=k.conf "$ROOT/build/kashim" explain "--$2" "$(word_of "$1" peer)" --local "$(word_of "$1" local)" \
		"$PLAY" >explained
}

# A listener a, a client c and the connection b between them, of these families.
pair() {
	local server=$1 listens=$2 client=$3 connects=$4
	shift 4
	play "a socket $server" "a bind $listens $PORT" 'a listen' "c socket $client" "c connect $connects $PORT" \
		'b accept a' "d socket $client" "$@"
}

pair4() {
	pair inet 127.0.0.1 inet 127.0.0.1
}

# Clients c, d, e... of a listener a on all addresses, each to one of these addresses.
clients() {
	local steps=('a socket inet6' "a bind :: $PORT" 'a listen') letters=cdefghijklmnop address
	[[ $* = *:* ]] || [ -z "$(lack_of ipv6)" ] || steps=('a socket inet' "a bind 0.0.0.0 $PORT" 'a listen')
	for address; do
		case $address in
		*:*) steps+=("${letters:0:1} socket inet6") ;;
		*) steps+=("${letters:0:1} socket inet") ;;
		esac
		steps+=("${letters:0:1} connect $address $PORT")
		letters=${letters:1}
	done
	play "${steps[@]}"
}

by_direction() {
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ direction = "accept"; idle = 101; },
			{ direction = "connect"; idle = 102; }
		);
	END
	pair "$@"
	have a 1/100/11/5 d 1/100/11/5
	decided b accept 101 3
	decided c connect 102 4
	untouched_without a b c d
}

@test "direction decides over IPv4" {
	by_direction inet 127.0.0.1 inet 127.0.0.1
}

@test "direction decides over IPv6" {
	by_direction inet6 ::1 inet6 ::1
}

@test "direction decides for an IPv4 client of an IPv6 listener" {
	by_direction inet6 :: inet 127.0.0.1
}

@test "direction decides for an IPv6 socket connected to an IPv4 address" {
	by_direction inet 127.0.0.1 inet6 ::ffff:127.0.0.1
}

@test "direction decides for MPTCP" {
	needs mptcp
	by_direction mptcp 127.0.0.1 mptcp 127.0.0.1
}

@test "a remote address decides for connect and for accept" {
	needs_scene
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ remote = "127.0.0.2"; idle = 101; },
			{ remote = "127.0.0.3"; idle = 102; }
		);
	END
	play 'a socket inet' "a bind 0.0.0.0 $PORT" 'a listen' \
		'c socket inet' 'c bind 127.0.0.3 0' "c connect 127.0.0.2 $PORT" 'b accept a' \
		'd socket inet' 'd bind 127.0.0.4 0' "d connect 127.0.0.4 $PORT" 'e accept a'
	decided c connect 101 3
	decided b accept 102 4
	decided d connect 100 1
	decided e accept 100 1
	untouched_without b c d e
}

@test "a remote CIDR with an exclusion decides over IPv4" {
	needs_scene
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ remote = [ "127.16.0.0/12", "!127.20.0.0/16" ]; idle = 101; },
			{ remote = [ "!127.20.1.0/24", "!127.64.0.0/10" ]; idle = 102; }
		);
	END
	clients 127.15.255.255 127.16.0.0 127.31.255.255 127.32.0.0 127.20.3.4 127.20.1.1 127.64.0.1
	decided c connect 102 4
	decided d connect 101 3
	decided e connect 101 3
	decided f connect 102 4
	decided g connect 102 4
	decided h connect 100 1
	decided i connect 100 1
	untouched_without c d e f g h i
}

@test "a remote CIDR with an exclusion decides over IPv6" {
	needs_scene
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ remote = [ "!fd00:1::2", "fd00:1::/32" ]; idle = 101; },
			{ remote = "::/0"; idle = 102; }
		);
	END
	clients fd00:1::1 fd00:1::2 fd00:2::1 127.0.0.1 ::ffff:127.0.0.1
	decided c connect 101 3
	decided d connect 102 4
	decided e connect 102 4
	decided f connect 100 1
	decided g connect 100 1
	untouched_without c d e f g
}

@test "a mapped remote address counts as IPv4 on both sides" {
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ remote = "::/0"; idle = 101; },
			{ remote = "127.0.0.0/8"; direction = "accept"; idle = 102; },
			{ remote = "127.0.0.1"; idle = 103; }
		);
	END
	pair inet6 :: inet 127.0.0.1
	decided b accept 102 4
	decided c connect 103 5
	untouched_without b c
	take_port
	pair inet 127.0.0.1 inet6 ::ffff:127.0.0.1
	decided b accept 102 4
	decided c connect 103 5
	untouched_without b c
}

@test "remote_port decides as single number, range and list" {
	needs_scene
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ remote_port = 7001; idle = 101; },
			{ remote_port = "5432, 7000-7002,9000"; idle = 102; }
		);
	END
	play 'a socket inet' 'a bind 127.0.0.1 6999' 'a listen' 'b socket inet' 'b bind 127.0.0.1 7000' 'b listen' \
		'c socket inet' 'c bind 127.0.0.1 7001' 'c listen' 'd socket inet' 'd bind 127.0.0.1 7002' 'd listen' \
		'e socket inet' 'e connect 127.0.0.1 6999' 'f socket inet' 'f connect 127.0.0.1 7000' \
		'g socket inet' 'g connect 127.0.0.1 7001' \
		'h socket inet' 'h bind 127.0.0.1 9000' 'h connect 127.0.0.1 7002' 'i accept d'
	decided e connect 100 1
	decided f connect 102 4
	decided g connect 101 3
	decided h connect 102 4
	decided i accept 102 4
	untouched_without e f g h i
}

@test "local and local_port decide for accept" {
	needs_scene
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ local = "127.0.0.2"; direction = "accept"; idle = 101; },
			{ local_port = "7000-7001"; direction = "accept"; idle = 102; }
		);
	END
	play 'a socket inet' 'a bind 0.0.0.0 7001' 'a listen' 'b socket inet' 'b bind 0.0.0.0 7002' 'b listen' \
		'c socket inet' 'c connect 127.0.0.2 7001' 'd accept a' \
		'e socket inet' 'e connect 127.0.0.1 7001' 'f accept a' \
		'g socket inet' 'g connect 127.0.0.1 7002' 'h accept b'
	decided d accept 101 3
	decided f accept 102 4
	decided h accept 100 1
	decided c connect 100 1
	untouched_without d f h c
}

# Whoever does not bind learns the own address from connect(2) itself.
@test "local and local_port decide for connect, where they are known only afterwards" {
	needs_scene
	take_port
	in_scene sysctl -qw net.ipv4.ip_local_port_range='20000 20099' 2>/dev/null ||
		in_scene sh -c 'echo 20000 20099 >/proc/sys/net/ipv4/ip_local_port_range' 2>/dev/null ||
		skip "only root can say which ports the kernel chooses"
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ local = "127.0.0.9"; idle = 101; },
			{ local = "fd00:2::1"; idle = 102; },
			{ local = "127.0.0.1"; local_port = "20000-20099"; direction = "connect"; idle = 103; }
		);
	END
	play 'a socket inet6' 'a bind :: 5000' 'a listen' \
		'c socket inet' 'c connect 127.0.0.1 5000' \
		'd socket inet' 'd bind 127.0.0.9 0' 'd connect 127.0.0.1 5000' \
		'e socket inet' 'e bind 0.0.0.0 6001' 'e connect 127.0.0.1 5000' \
		'f socket inet6' 'f connect fd00:2::1 5000' \
		'g socket inet6' 'g connect ::ffff:127.0.0.1 5000' \
		'h socket inet nonblock' 'h connect 127.0.0.1 5000' 'h ready'
	grep -x 'h connect 127.0.0.1 5000: -1 EINPROGRESS' log
	decided c connect 103 5
	decided d connect 101 3
	decided e connect 100 1
	decided f connect 102 4
	decided g connect 103 5
	decided h connect 103 5
	untouched_without c d e f g h
}

@test "rules decide about a connect that does not wait" {
	take_port
	policy <<-END
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = ( { direction = "connect"; remote = "127.0.0.1"; remote_port = $PORT; idle = 101; } );
	END
	pair inet 127.0.0.1 'inet nonblock' 127.0.0.1 'c ready'
	grep -x "c connect 127.0.0.1 $PORT: -1 EINPROGRESS" log
	grep -x 'c ready: 0 0' log
	decided c connect 101 2
	untouched_without c
}

@test "the first rule for connections that matches wins, in the order of the file" {
	take_port
	policy <<-END
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ remote = "127.0.0.9"; idle = 101; },
			{ remote_port = $PORT; idle = 102; },
			{ remote = "127.0.0.1"; idle = 103; },
			{ direction = "connect"; idle = 104; },
			{ program = "*"; idle = 105; },
			{ direction = "accept"; idle = 106; }
		);
	END
	pair4
	decided b accept 103 5
	decided c connect 102 4
	have a 1/105/11/5 d 1/105/11/5
	untouched_without a b c d
}

@test "what a rule for connections does not set comes from defaults" {
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 21; count = 6; user_timeout = 44000; };
		rules = (
			{ direction = "connect"; count = 7; },
			{ direction = "accept"; idle = 101; user_timeout = "off"; }
		);
	END
	pair4
	have a 1/100/21/6 b 1/101/21/6 c 1/100/21/7
	[ "$(word_of a user_timeout)/$(word_of b user_timeout)/$(word_of c user_timeout)" = 44000/0/44000 ]
	untouched_without a b c
}

@test "mode off by connection takes back what was switched on" {
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; user_timeout = 44000; syn_count = 3; };
		rules = (
			{ direction = "accept"; mode = "off"; },
			{ direction = "connect"; mode = "off"; }
		);
	END
	pair4
	left_alone b accept 3
	left_alone c connect 4
	have a 1/100/11/5 d 1/100/11/5 b "$UNTOUCHED" c "$UNTOUCHED"
	[ "$(word_of d user_timeout)/$(word_of b user_timeout)/$(word_of c user_timeout)" = 44000/0/0 ]
	[ "$(option_of d TCP_SYNCNT)/$(option_of c TCP_SYNCNT)" = 3/6 ]
	untouched_without a b c d
	[ "$(option_of c TCP_SYNCNT)" = 6 ]
}

@test "mode off by connection leaves what the program asked for" {
	local own=('c set SO_KEEPALIVE 1' 'c set TCP_KEEPIDLE 500' 'c set TCP_USER_TIMEOUT 12345')
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; user_timeout = 44000; };
		rules = ( { remote = "127.0.0.1"; mode = "off"; } );
	END
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a set TCP_KEEPCNT 3' 'a listen' 'a set SO_KEEPALIVE 1' \
		'c socket inet' "${own[@]}" "c connect 127.0.0.1 $PORT" 'c set TCP_KEEPINTVL 70' \
		'b accept a' 'b set TCP_KEEPIDLE 600' 'd socket inet'
	left_alone b accept 2
	left_alone c connect 2
	have b 1/600/75/3 c 1/500/70/9 d 1/100/11/5
	[ "$(word_of c user_timeout)/$(word_of b user_timeout)" = 12345/0 ]
	play_without
	have b 1/600/75/3 c 1/500/70/9 d "$UNTOUCHED"
}

@test "a connection rule decides under defaults that are off" {
	take_port
	policy <<-END
		defaults: { mode = "off"; };
		rules = ( { direction = "connect"; remote_port = $PORT; idle = 101; interval = 11; count = 5; } );
	END
	pair4
	decided c connect 101 2
	left_alone b accept 1
	have a "$UNTOUCHED" b "$UNTOUCHED" d "$UNTOUCHED"
	untouched_without a b c d
}

@test "program and connection decide together" {
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ program = "other"; direction = "connect"; idle = 101; },
			{ program = "play"; argument = "nobody"; direction = "connect"; idle = 102; },
			{ program = "play"; argument = "c sock?t inet"; user = "daemon"; direction = "connect"; idle = 103; },
			{ program = "*/play"; argument = "c sock?t inet"; direction = "connect"; idle = 104; },
			{ program = "play"; idle = 105; },
			{ direction = "accept"; idle = 106; }
		);
	END
	pair4
	have a 1/105/11/5 b 1/105/11/5 c 1/104/11/5 d 1/105/11/5
	[[ $(reported c) == *", by $PWD/k.conf:6" ]]
	[[ $(reported b) == *", by $PWD/k.conf:7" ]] || grep "^.*socket .*:7$" verbose
	KASHIM_CONF=k.conf "$ROOT/build/kashim" explain --connect "127.0.0.1:$PORT" "$PLAY" 'c socket inet' >explained
	grep '^rule .*k.conf:6$' explained
	KASHIM_CONF=k.conf "$ROOT/build/kashim" explain --connect "127.0.0.1:$PORT" "$PLAY" >explained
	grep '^rule .*k.conf:7$' explained
	untouched_without a b c d
}

@test "each connection of a socket that connects again is decided anew" {
	needs_scene
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ remote_port = 7000; idle = 101; },
			{ remote_port = 7001; idle = 102; user_timeout = 44000; },
			{ remote_port = 7002; mode = "off"; }
		);
	END
	play 'a socket inet' 'a bind 127.0.0.1 7000' 'a listen' \
		'c socket inet' 'c connect 127.0.0.1 7001' 'c connect 127.0.0.1 7000' \
		'd socket inet' 'd connect 127.0.0.1 7002' 'd connect 127.0.0.1 7000' \
		'e socket inet' 'e connect 127.0.0.1 7001' 'e connect 127.0.0.1 7002'
	grep -x 'c connect 127.0.0.1 7001: -1 ECONNREFUSED' log
	decided c connect 101 3
	decided d connect 101 3
	# A call that fails changes nothing.
	have e 1/100/11/5
	[ "$(word_of c user_timeout)/$(word_of e user_timeout)" = 0/0 ]
	untouched_without c d e
}

# Descriptors that come from dup(2), where the number was another connection before.
@test "a duplicate's connection is decided, whatever its number was before" {
	take_port
	policy <<-END
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = ( { remote_port = $PORT; idle = 101; } );
	END
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' \
		'c socket inet' "c connect 127.0.0.1 $PORT" 'c set TCP_NODELAY 1' \
		'd socket inet' 'e dup d 30' "e connect 127.0.0.1 $PORT" 'd close' 'e close' \
		'f socket inet' 'e dup f 30' 'f close' "e connect 127.0.0.1 $PORT"
	decided c connect 101 2
	decided e connect 101 2
	untouched_without c e
}

@test "an address that cannot be read or is short is left to the kernel to refuse" {
	local refused
	take_port
	refused=(
		'c connect nowhere' "c connect 127.0.0.1 $PORT 0" "c connect 127.0.0.1 $PORT 1" "c connect 127.0.0.1 $PORT 15"
		"c connect 127.0.0.1 $PORT -1" "c connect 127.0.0.1 $PORT 129" "d connect ::1 $PORT 16" "d connect ::1 $PORT 23"
		'd connect nowhere'
	)
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = ( { remote = "127.0.0.1"; idle = 101; }, { local = "127.0.0.1"; idle = 102; } );
	END
	play 'c socket inet' 'd socket inet6' 'e socket unix' "${refused[@]}" "e connect 127.0.0.1 $PORT"
	have c 1/100/11/5 d 1/100/11/5
	cp log with
	untouched_without c d
	diff log with
	[ "$(grep -c ': -1 EFAULT$' with)" = 2 ] || fail "control: $(cat with)"
	[ "$(grep -c ': -1 EINVAL$' with)" -ge 4 ] || fail "control: $(cat with)"
}

# RFC 2133 addresses end before the scope: the kernel still takes them.
@test "an IPv6 address without a scope is decided" {
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = ( { remote = "::1"; idle = 101; } );
	END
	play 'a socket inet6' "a bind ::1 $PORT" 'a listen' 'c socket inet6' "c connect ::1 $PORT 24"
	grep -x "c connect ::1 $PORT 24: 0 0" log
	decided c connect 101 2
	untouched_without c
}

# The kernel takes it for the loopback.
@test "an address of zeroes counts as the peer that it leads to" {
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = ( { remote = "127.0.0.1"; idle = 101; } );
	END
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c connect 0.0.0.0 $PORT"
	[ "$(word_of c peer)" = "127.0.0.1:$PORT" ]
	decided c connect 101 2
	untouched_without c
}

@test "an address that is longer than it needs to be is decided" {
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = ( { remote = "127.0.0.1"; idle = 101; } );
	END
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c connect 127.0.0.1 $PORT 128"
	grep -x "c connect 127.0.0.1 $PORT 128: 0 0" log
	decided c connect 101 2
	untouched_without c
}

# As inetd hands over a connection, at 0, and a listener that was inherited.
@test "sockets that were open before the program are decided" {
	local before
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = ( { direction = "accept"; remote = "127.0.0.1"; idle = 101; } );
	END
	before=('a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c connect 127.0.0.1 $PORT"
		'b accept a' 'd socket inet' "d connect 127.0.0.1 $PORT" 'a dup a 20' 'b dup b 0')
	start_plain "$PLAY" "${before[@]}" exec "${WITH[@]}" "$PLAY" 'a fd 20' 'b fd 0' 'e accept a'
	wait_for is_played || fail "$(cat log)"
	decided b accept 101 2
	decided e accept 101 2
	have a 1/100/11/5
	rm -f log
	end_scene
	start_plain "$PLAY" "${before[@]}" exec "$PLAY" 'a fd 20' 'b fd 0' 'e accept a'
	wait_for is_played || fail "$(cat log)"
	have a "$UNTOUCHED" b "$UNTOUCHED" e "$UNTOUCHED"
}

@test "a thousand rules with addresses decide by the first, the last and none" {
	needs_scene
	take_port
	{
		echo 'defaults: { idle = 2000; interval = 11; count = 5; };'
		echo 'rules = ('
		for ((i = 0; i < 1000; i++)); do
			echo "{ remote = \"127.1.$((i / 250)).$((i % 250 + 1))\"; idle = $((i + 501)); }$([ "$i" = 999 ] || echo ,)"
		done
		echo ');'
	} >rules
	policy <rules
	clients 127.1.0.1 127.1.2.7 127.1.3.250 127.1.4.1
	decided c connect 501 3
	decided d connect 1007 509
	decided e connect 1500 1002
	decided f connect 2000 1
	untouched_without c d e f
}
