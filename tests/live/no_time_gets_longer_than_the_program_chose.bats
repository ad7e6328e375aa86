#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Mode tighten, the default: keepalive is as the policy says, and of each other value the smaller one holds, the policy's or
# the program's; whoever sets what first, and however often.

load ../lib/live
load ../lib/play

all_options() {
	policy <<-'END'
		defaults: { idle = 33; interval = 11; count = 5; user_timeout = 44000; syn_count = 4; defer_accept = 6;
			max_segment = 1000; window_clamp = 50000; };
	END
}

# From now on with this in the KASHIM variable.
with_line() {
	wrap env "KASHIM=$1"
}

# What the program sets, and what the socket has then, under the shim and without.
sets() {
	local option=$1 value=$2 with=$3 without=$4
	play 'a socket inet' "a set $option $value"
	has_option a "$option" "$with"
	cp log with_log
	play_without
	has_option a "$option" "$without"
	diff with_log log
}

@test "of policy and program the smaller value holds for each option" {
	all_options
	sets TCP_KEEPIDLE 5 5 5
	sets TCP_KEEPIDLE 7200 33 7200
	sets TCP_KEEPINTVL 3 3 3
	sets TCP_KEEPINTVL 12 11 12
	sets TCP_KEEPCNT 2 2 2
	sets TCP_KEEPCNT 127 5 127
	sets TCP_USER_TIMEOUT 1000 1000 1000
	sets TCP_USER_TIMEOUT 90000 44000 90000
	sets TCP_SYNCNT 1 1 1
	sets TCP_SYNCNT 6 4 6
	sets TCP_WINDOW_CLAMP 20000 20000 20000
	sets TCP_WINDOW_CLAMP 60000 50000 60000
}

@test "a 0 that means no limit is larger than every limit" {
	all_options
	sets TCP_USER_TIMEOUT 0 44000 0
}

@test "keepalive is on, whatever the program asks" {
	policy <<<'defaults: { idle = 33; interval = 11; count = 5; };'
	take_port
	play 'l socket inet' "l bind 127.0.0.1 $PORT" 'l set SO_KEEPALIVE 0' 'l listen' 'a socket inet' 'a set SO_KEEPALIVE 0' \
		"a connect 127.0.0.1 $PORT" 'a set SO_KEEPALIVE 0' 'b accept l' 'b set SO_KEEPALIVE 0'
	have l "$POLICY" a "$POLICY" b "$POLICY"
	untouched_without l a b
}

@test "the last value that the program sets counts" {
	policy <<<'defaults: { idle = 33; interval = 11; count = 5; };'
	play 'a socket inet' 'a set TCP_KEEPIDLE 5' 'a set TCP_KEEPIDLE 20' 'b socket inet' 'b set TCP_KEEPIDLE 5' \
		'b set TCP_KEEPIDLE 7200'
	have a 1/20/11/5 b 1/33/11/5
}

@test "curl keeps times of its own that are shorter than the policy's" {
	needs curl
	policy <<<'defaults: { };'
	take_port
	start_plain socat "TCP4-LISTEN:$PORT,reuseaddr,fork" "EXEC:sleep 60"
	wait_for listens
	start curl -s --keepalive-time 5 "http://127.0.0.1:$PORT/"
	wait_for has "$PID" established
	wait_for has_short_times "$PID" || fail "$(sockets_of "$PID")"
	unwrap
	start curl -s --keepalive-time 5 "http://127.0.0.1:$PORT/"
	wait_for has "$PID" established
	wait_for grep -q ' keepalive=1 idle=5 interval=5 ' <(sockets_of "$PID") || fail "control: $(sockets_of "$PID")"
}

has_short_times() {
	[ "$(timers_of "$1" established)" = 1/5/5/6 ]
}

@test "a program that says SO_KEEPALIVE 0 and idle 7200 has the built-in policy" {
	policy <<<''
	play 'a socket inet' 'a set SO_KEEPALIVE 0' 'a set TCP_KEEPIDLE 7200'
	have a 1/60/10/6
	play_without
	have a 0/7200/75/9
}

# A listener that two programs share, under rules of their own.
@test "two programs that share a socket end with the same values, whoever comes first" {
	local first second
	take_port
	for order in '44 20' '20 44'; do
		read -r first second <<<"$order"
		policy <<-END
			defaults: { interval = 11; count = 5; idle = $second; };
			rules = ( { argument = "d accept l"; idle = $first; } );
		END
		end_scene
		rm -f log
		# shellcheck disable=SC2153 # wrap sets it
		start_plain "$PLAY" 'l raw' "l bind 127.0.0.1 $PORT" 'l listen' 'a raw' "a connect 127.0.0.1 $PORT" 'c raw' \
			"c connect 127.0.0.1 $PORT" exec "${WITH[@]}" "$PLAY" 'l fd 3' 'd accept l' exec "$PLAY" 'l fd 3' 'b accept l'
		wait_for is_played || fail "$(cat log)"
		have l 1/20/11/5
	done
}

@test "keepalive = false stays off, whatever the program asks" {
	local mode
	for mode in tighten force; do
		policy <<<"defaults: { mode = \"$mode\"; keepalive = false; };"
		take_port
		play 'l socket inet' "l bind 127.0.0.1 $PORT" 'l listen' 'a socket inet' 'a set SO_KEEPALIVE 1' \
			'a set TCP_KEEPIDLE 500' "a connect 127.0.0.1 $PORT" 'b accept l' 'b set SO_KEEPALIVE 1'
		have a 0/500/75/9 b "$UNTOUCHED"
	done
	play_without
	have a 1/500/75/9 b 1/7200/75/9
}

@test "keepalive = false under suggest is the program's to change" {
	policy <<<'defaults: { mode = "suggest"; keepalive = false; };'
	play 'a socket inet' 'b socket inet' 'b set SO_KEEPALIVE 1'
	have a "$UNTOUCHED" b 1/7200/75/9
}

@test "keepalive = false works in a profile, a rule and the KASHIM variable" {
	policy <<-'END'
		profiles: { quiet = { keepalive = false; }; };
		rules = ( { argument = "a socket inet"; profile = "quiet"; }, { argument = "b socket inet"; keepalive = false; } );
	END
	play 'a socket inet'
	have a "$UNTOUCHED"
	play 'b socket inet'
	have b "$UNTOUCHED"
	play 'c socket inet'
	have c 1/60/10/6
	with_line keepalive=false
	play 'c socket inet'
	have c "$UNTOUCHED"
}

@test "a rule that says off holds against a KASHIM variable that names no mode" {
	policy <<<'rules = ( { program = "play"; mode = "off"; } );'
	with_line idle=33
	play 'a socket inet'
	have a "$UNTOUCHED"
	with_line idle=33,mode=tighten
	play 'a socket inet'
	have a 1/33/10/6
}

@test "a rule for connections that says off holds against a KASHIM variable, the others do not" {
	policy <<<'rules = ( { remote = "127.0.0.1"; mode = "off"; }, { remote = "127.0.0.2"; idle = 500; } );'
	with_line idle=33
	take_port
	play 'l raw' "l bind 0.0.0.0 $PORT" 'l listen' 'a socket inet' "a connect 127.0.0.1 $PORT" 'b socket inet' \
		"b connect 127.0.0.2 $PORT"
	have a "$UNTOUCHED" b 1/33/10/6
}

# The mode of a rule for the connection: what the program has set before it counts.
@test "what the program set before its connection is decided is tightened by the rule" {
	policy <<-'END'
		defaults: { idle = 33; interval = 11; count = 5; };
		rules = ( { remote = "127.0.0.1"; idle = 300; } );
	END
	take_port
	play 'l raw' "l bind 127.0.0.1 $PORT" 'l listen' 'a socket inet' 'a set TCP_KEEPIDLE 200' "a connect 127.0.0.1 $PORT" \
		'b socket inet' "b connect 127.0.0.1 $PORT" 'c socket inet' 'c set TCP_KEEPIDLE 7200' "c connect 127.0.0.1 $PORT" \
		'd socket inet' 'd set TCP_KEEPIDLE 200'
	have a 1/200/11/5 b 1/300/11/5 c 1/300/11/5 d 1/33/11/5
	play_without
	have a 0/200/75/9 b "$UNTOUCHED"
}
