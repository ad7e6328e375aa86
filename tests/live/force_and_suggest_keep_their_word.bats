#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# In mode force the policy stays, whatever a program sets and whenever, and each call returns what the kernel would have
# returned. In mode suggest what the program set stays, and the policy fills the rest. What the policy does not set is
# the program's in both.

load ../lib/live
load ../lib/play

OURS=(SO_KEEPALIVE TCP_KEEPIDLE TCP_KEEPINTVL TCP_KEEPCNT TCP_USER_TIMEOUT TCP_SYNCNT)
THEIRS=(TCP_NODELAY SO_REUSEADDR TCP_DEFER_ACCEPT TCP_MAXSEG TCP_WINDOW_CLAMP)

# A policy with a value for each of OURS, in this mode.
policy_of_all() {
	policy <<-END
		defaults: { mode = "$1"; idle = 33; interval = 11; count = 5; user_timeout = 44000; syn_count = 4; };
	END
}

# All that a program can try on a socket, in CALLS: each option with values that are allowed and values that are not,
# short and long ones, unreadable ones. The last that the kernel takes are 0/32767/32767/127.
insist_on() {
	local option value
	for option in "${OURS[@]}" "${THEIRS[@]}"; do
		for value in 0 1 2 20 -1 -5 128 255 32768 99999 2147483647 -2147483648 '20 0' '20 1' '20 3' '20 5' '20 16' \
			'20 -1' nowhere 'nowhere 0' 'nowhere 3' null 'null 0' 127 32767; do
			CALLS+=("$1 set $option $value")
		done
	done
	CALLS+=("$1 set SO_KEEPALIVE 0" "$1 set TCP_DEFER_ACCEPT 0")
}

# Listener a, client c, connection b; CALLS come before connect(2), or after everything.
scene() {
	local when=$1
	take_port
	local first=('a socket inet' 'c socket inet' "a bind 127.0.0.1 $PORT")
	local then=('a listen' "c connect 127.0.0.1 $PORT" 'b accept a')
	if [ "$when" = before ]; then
		play "${first[@]}" "${CALLS[@]}" "${then[@]}"
	else
		play "${first[@]}" "${then[@]}" "${CALLS[@]}"
	fi
}

has_policy() {
	local socket
	for socket; do
		# shellcheck disable=SC2153 # of live.bash
		have "$socket" "$POLICY" || return
		has_option "$socket" TCP_USER_TIMEOUT 44000 || return
		has_option "$socket" TCP_SYNCNT 4 || return
	done
}

# The program sees the same results, and its sockets had not what they have with the shim.
same_results_without() {
	local socket
	cp log with
	play_without
	diff with log || fail "results differ" || return
	[ "$(grep -c 'EINVAL$' log)" -ge 60 ] || fail "control: no EINVAL" || return
	[ "$(grep -c 'EFAULT$' log)" -ge 20 ] || fail "control: no EFAULT" || return
	for socket; do
		have "$socket" 0/32767/32767/127 || fail "control" || return
	done
}

# The options that no policy sets, on these sockets.
theirs() {
	local socket option
	for socket; do
		for option in "${THEIRS[@]}"; do
			echo "$socket $option $(option_of "$socket" "$option")"
		done
	done
}

@test "force holds against options that are set before connect and listen" {
	local CALLS=()
	policy_of_all force
	insist_on a
	insist_on c
	scene before
	has_policy a b c
	same_results_without a b c
}

@test "force holds against options that are set after connect" {
	local CALLS=()
	policy_of_all force
	insist_on c
	scene after
	has_policy a b c
	same_results_without c
}

@test "force holds against options that are set on a listener after listen" {
	local CALLS=()
	policy_of_all force
	insist_on a
	scene after
	has_policy a b c
	same_results_without a
}

@test "force holds against options that are set on an accepted connection" {
	local CALLS=()
	policy_of_all force
	insist_on b
	scene after
	has_policy a b c
	same_results_without b
}

@test "force holds against options that are set on an IPv6 socket" {
	local CALLS=()
	policy_of_all force
	insist_on c
	play 'c socket inet6' "${CALLS[@]}"
	has_policy c
	same_results_without c
}

@test "force leaves alone what is no TCP socket, or no descriptor" {
	local CALLS=() socket
	policy_of_all force
	for socket in u v w x y; do
		insist_on "$socket"
	done
	play 'a socket inet' 'u socket udp' 'v socket unix' 'w socket pair' 'x socket pipe' "${CALLS[@]}" \
		'u set SO_KEEPALIVE 1' 'v set SO_KEEPALIVE 1' 'w set SO_KEEPALIVE 1' \
		'w set SO_KEEPALIVE 0'
	has_policy a
	for socket in u:1 v:1 w:0; do
		has_option "${socket%:*}" SO_KEEPALIVE "${socket#*:}"
	done
	grep -qx 'x set SO_KEEPALIVE 1: -1 ENOTSOCK' log
	grep -qx 'y set SO_KEEPALIVE 1: -1 EBADF' log
	cp log with
	untouched_without a
	diff with log
}

# socketpair(2) and dup(2) do not come through the shim, and descriptors are used again.
@test "force leaves SO_KEEPALIVE of a Unix socket alone, whatever its number was before" {
	policy_of_all force
	play 'a socket inet' 'a close' 'w socket pair' 'w set SO_KEEPALIVE 1' 'w set SO_KEEPALIVE 0' \
		'b socket inet' 'c dup w 40' 'd dup b 41' 'e dup w 41' 'e set SO_KEEPALIVE 0'
	grep -x 'w set SO_KEEPALIVE 0: 0 0' log
	has_option w SO_KEEPALIVE 0
	has_policy b
	play_without
	has_option w SO_KEEPALIVE 0
}

@test "force never swallows options outside the policy" {
	local calls=() socket
	policy <<-'END'
		defaults: { mode = "force"; idle = 33; interval = 11; count = 5; };
	END
	take_port
	for socket in a c; do
		calls+=("$socket set TCP_NODELAY 1" "$socket set SO_REUSEADDR 1" "$socket set TCP_USER_TIMEOUT 12345"
			"$socket set TCP_SYNCNT 2" "$socket set TCP_MAXSEG 1000" "$socket set TCP_DEFER_ACCEPT 3"
			"$socket set TCP_WINDOW_CLAMP 30000" "$socket set TCP_KEEPIDLE 500")
	done
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'c socket inet' "${calls[@]}"
	have a "$POLICY" c "$POLICY"
	for socket in a c; do
		has_option "$socket" TCP_NODELAY 1
		has_option "$socket" SO_REUSEADDR 1
		has_option "$socket" TCP_USER_TIMEOUT 12345
		has_option "$socket" TCP_SYNCNT 2
		has_option "$socket" TCP_WINDOW_CLAMP 30000
	done
	theirs a c >with
	cp log with.log
	play_without
	have a 0/500/75/9 c 0/500/75/9
	theirs a c | diff with -
	diff with.log log
}

@test "force takes a 0 where the kernel takes it" {
	policy <<-'END'
		defaults: { mode = "force"; idle = 33; interval = 11; count = 5; user_timeout = 44000; max_segment = 1000;
			window_clamp = 40000; defer_accept = 6; };
	END
	take_port
	local zeroes=(SO_KEEPALIVE TCP_USER_TIMEOUT TCP_MAXSEG TCP_WINDOW_CLAMP TCP_DEFER_ACCEPT) option socket
	local calls=('a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet')
	play "${calls[@]}"
	for option in "${zeroes[@]}"; do
		for socket in a c; do
			case $socket-$option in
			a-TCP_WINDOW_CLAMP | c-TCP_DEFER_ACCEPT) continue ;;
			esac
			echo "$socket $option $(option_of "$socket" "$option")"
			calls+=("$socket set $option 0")
		done
	done >before
	play "${calls[@]}"
	grep '^c TCP_MAXSEG 1000$' before
	grep '^c TCP_WINDOW_CLAMP 40000$' before
	not grep '^a TCP_DEFER_ACCEPT 0$' before
	while read -r socket option value; do
		has_option "$socket" "$option" "$value"
	done <before
	cp log with
	play_without
	[ "$(option_of c TCP_USER_TIMEOUT)/$(option_of c SO_KEEPALIVE)/$(option_of a TCP_DEFER_ACCEPT)" = 0/0/0 ]
	diff with log
}

# The kernel takes more for these than a policy may hold.
whole_range() {
	local value policy
	take_port
	local calls=('a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet')
	play "${calls[@]}"
	policy=$(option_of "$1" "$2")
	for value in -1 0 1 40000 2147483647 -2147483648; do
		play "${calls[@]}" "$1 set $2 $value"
		cp log with
		has_option "$1" "$2" "$policy"
		play_without
		diff with log
		[ "$(option_of "$1" "$2")" != "$policy" ] || fail "control"
	done
}

@test "force takes the kernel's whole range of TCP_DEFER_ACCEPT" {
	policy <<-'END'
		defaults: { mode = "force"; idle = 33; interval = 11; count = 5; defer_accept = 6; };
	END
	whole_range a TCP_DEFER_ACCEPT
}

@test "force takes the kernel's whole range of TCP_WINDOW_CLAMP" {
	policy <<-'END'
		defaults: { mode = "force"; idle = 33; interval = 11; count = 5; window_clamp = 50000; };
	END
	whole_range c TCP_WINDOW_CLAMP
}

@test "force refuses a TCP_WINDOW_CLAMP of 0 on a listener, as the kernel does" {
	policy <<-'END'
		defaults: { mode = "force"; idle = 33; interval = 11; count = 5; window_clamp = 50000; };
	END
	take_port
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'a set TCP_WINDOW_CLAMP 0'
	has_option a TCP_WINDOW_CLAMP 50000
	cp log with
	play_without
	not has_option a TCP_WINDOW_CLAMP 50000
	diff with log
}

@test "suggest keeps each option that the program set, before connect and after" {
	local option value when socket calls
	local -A own=([SO_KEEPALIVE]=0 [TCP_KEEPIDLE]=500 [TCP_KEEPINTVL]=70 [TCP_KEEPCNT]=3 [TCP_USER_TIMEOUT]=12345
		[TCP_SYNCNT]=2)
	local -A policy=([SO_KEEPALIVE]=1 [TCP_KEEPIDLE]=33 [TCP_KEEPINTVL]=11 [TCP_KEEPCNT]=5 [TCP_USER_TIMEOUT]=44000
		[TCP_SYNCNT]=4)
	policy_of_all suggest
	take_port
	calls=('a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'z socket inet')
	local letters=bcdefghijklm
	for option in "${OURS[@]}"; do
		calls+=("${letters:0:1} socket inet" "${letters:0:1} set $option ${own[$option]}"
			"${letters:0:1} connect 127.0.0.1 $PORT" "${letters:1:1} socket inet"
			"${letters:1:1} connect 127.0.0.1 $PORT" "${letters:1:1} set $option ${own[$option]}")
		letters=${letters:2}
	done
	play "${calls[@]}"
	has_policy a z
	letters=bcdefghijklm
	for when in "${OURS[@]}"; do
		for socket in "${letters:0:1}" "${letters:1:1}"; do
			for option in "${OURS[@]}"; do
				value=${policy[$option]}
				[ "$option" != "$when" ] || value=${own[$option]}
				has_option "$socket" "$option" "$value"
			done
		done
		letters=${letters:2}
	done
	cp log with
	untouched_without a z
	have d 0/500/75/9 e 0/500/75/9
	diff with log
}

@test "suggest passes on to connections what their listener was given" {
	policy_of_all suggest
	take_port
	play 'a socket inet' 'a set TCP_KEEPIDLE 500' "a bind 127.0.0.1 $PORT" 'a listen' 'a set TCP_USER_TIMEOUT 12345' \
		'c socket inet' "c connect 127.0.0.1 $PORT" 'b accept a' 'a set TCP_KEEPCNT 3' \
		'd socket inet' "d connect 127.0.0.1 $PORT" 'e accept a' 'e set SO_KEEPALIVE 0'
	have a 1/500/11/3 b 1/500/11/5 c "$POLICY" e 0/500/11/3
	[ "$(option_of b TCP_USER_TIMEOUT)/$(option_of e TCP_USER_TIMEOUT)" = 12345/12345 ]
	play_without
	have a 0/500/75/3 b 0/500/75/9 c "$UNTOUCHED" e 0/500/75/3
}

# Sockets that another process made, and gave to the program.
inherit() {
	local before=() after=()
	while [ "$1" != -- ]; do
		before+=("$1")
		shift
	done
	shift
	after=("$@")
	end_scene
	rm -f log verbose
	start_plain "$PLAY" "${before[@]}" exec "${WITH[@]}" "$PLAY" "${after[@]}"
	wait_for is_played || fail "$(cat log)"
	not grep '^play: ' log
}

handed_over() {
	take_port
	inherit 'a socket inet' "a bind 127.0.0.1 $PORT" 'a set TCP_KEEPINTVL 70' 'a listen' \
		'c socket inet' 'c set SO_KEEPALIVE 1' 'c set TCP_KEEPIDLE 500' "c connect 127.0.0.1 $PORT" \
		'b socket inet' "b connect 127.0.0.1 $PORT" 'a dup a 20' 'b dup b 21' 'c dup c 22' \
		-- 'a fd 20' 'b fd 21' 'c fd 22' 'd accept a' 'e accept a'
}

@test "suggest keeps what another process set on an inherited listener, and inherited connections" {
	policy_of_all suggest
	handed_over
	have a 1/33/70/5 b "$UNTOUCHED" c 1/500/75/9 d 1/33/70/5 e 1/33/70/5
	[ "$(option_of c TCP_USER_TIMEOUT)/$(option_of d TCP_USER_TIMEOUT)" = 0/44000 ]
	unwrap
	handed_over
	have a 0/7200/70/9 b "$UNTOUCHED" c 1/500/75/9 d 0/7200/70/9 e 0/7200/70/9
}

@test "force overrides what another process set on an inherited listener, not on connections" {
	policy_of_all force
	handed_over
	has_policy a d e
	have b "$UNTOUCHED" c 1/500/75/9
	unwrap
	handed_over
	have a 0/7200/70/9 b "$UNTOUCHED" c 1/500/75/9 d 0/7200/70/9 e 0/7200/70/9
}

# One program, and rules that differ by its connections: c and b are under force, d and e under suggest.
two_modes() {
	needs_scene
	play 'a socket inet' 'a bind 0.0.0.0 7000' 'a set TCP_KEEPCNT 3' 'a listen' \
		'c socket inet' 'c bind 127.0.0.2 0' 'c set TCP_KEEPIDLE 500' 'c connect 127.0.0.1 7000' 'c set TCP_KEEPINTVL 70' \
		'b accept a' 'b set TCP_KEEPIDLE 600' \
		'd socket inet' 'd bind 127.0.0.4 0' 'd set TCP_KEEPIDLE 500' 'd connect 127.0.0.3 7000' 'd set TCP_KEEPINTVL 70' \
		'e accept a' 'e set TCP_KEEPIDLE 600'
	have b "$POLICY" c "$POLICY" d 1/500/70/5 e 1/600/11/3
	cp log with
	play_without
	have b 0/600/75/3 c 0/500/70/9 d 0/500/70/9 e 0/600/75/3
	diff with log
}

@test "force for one peer and suggest for another hold under defaults of force" {
	policy <<-'END'
		defaults: { mode = "force"; idle = 33; interval = 11; count = 5; };
		rules = ( { remote = [ "127.0.0.3", "127.0.0.4" ]; mode = "suggest"; } );
	END
	two_modes
}

@test "force for one peer and suggest for another hold under defaults of suggest" {
	policy <<-'END'
		defaults: { mode = "suggest"; idle = 33; interval = 11; count = 5; };
		rules = ( { remote = [ "127.0.0.1", "127.0.0.2" ]; mode = "force"; } );
	END
	two_modes
}

@test "force for one peer and suggest for another hold under defaults that are off" {
	policy <<-'END'
		defaults: { mode = "off"; idle = 33; interval = 11; count = 5; };
		rules = ( { remote = [ "127.0.0.1", "127.0.0.2" ]; mode = "force"; }, { remote = "127.0.0.0/8"; mode = "suggest"; } );
	END
	two_modes
}

@test "force by a rule for connections returns what the kernel would have returned" {
	local CALLS=()
	policy <<-'END'
		defaults: { mode = "off"; idle = 33; interval = 11; count = 5; user_timeout = 44000; syn_count = 4; };
		rules = ( { remote = "127.0.0.1"; mode = "force"; } );
	END
	insist_on c
	insist_on b
	scene after
	has_policy b c
	same_results_without b c
}

suggested_by_connection() {
	take_port
	handed_over
	have c 1/500/75/9 d 1/33/70/5
	unwrap
	handed_over
	have c 1/500/75/9 d 0/7200/70/9
}

@test "suggest by connection keeps an inherited listener's options under defaults that are off" {
	policy <<-'END'
		defaults: { mode = "off"; idle = 33; interval = 11; count = 5; };
		rules = ( { remote = "127.0.0.1"; mode = "suggest"; } );
	END
	suggested_by_connection
}

@test "suggest by connection keeps an inherited listener's options under defaults of force" {
	policy <<-'END'
		defaults: { mode = "force"; idle = 33; interval = 11; count = 5; };
		rules = ( { remote = "127.0.0.1"; mode = "suggest"; } );
	END
	suggested_by_connection
}

# What the program asked of a socket is forgotten with it.
@test "suggest by connection holds on a duplicate, whatever its number was before" {
	policy <<-'END'
		defaults: { mode = "off"; };
		rules = ( { remote = "127.0.0.1"; mode = "suggest"; idle = 33; interval = 11; count = 5; } );
	END
	take_port
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' \
		'c socket inet' 'c dup c 30' 'c set TCP_KEEPIDLE 500' "c connect 127.0.0.1 $PORT" 'c set TCP_KEEPCNT 3' 'c close' \
		'd socket inet' 'd dup d 30' "d connect 127.0.0.1 $PORT"
	have d "$POLICY"
	untouched_without d
}
