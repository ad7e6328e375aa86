#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# kashim apply puts the policy on sockets that are open already, in programs that never saw the shim, without a restart.
# What the sockets then have is read by sockopts; before, they have nothing of a policy, which is the control.

load ../lib/live
load ../lib/play
load ../lib/status

# A server with a listener a, a client c and an accepted b, without the shim.
play_plain() {
	unwrap
	take_port
	play_with "${1:-$PLAY}" 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c connect 127.0.0.1 $PORT" \
		'b accept a'
	have a "$UNTOUCHED" b "$UNTOUCHED" c "$UNTOUCHED"
}

changes='keepalive off -> on, idle 7200s -> 33s, interval 75s -> 11s, count 9 -> 5'

@test "apply puts the policy on all sockets of a process" {
	play_plain
	kashim apply "$PID" >out
	have a "$POLICY" b "$POLICY" c "$POLICY"
	[ "$(grep -cF ": $changes" out)" -eq 3 ] || fail "$(cat out)"
	grep -qxF "$PID play 127.0.0.1:$PORT -: $changes" out
	grep -qx '3 sockets of 1 process changed' out
	in_scene ss -Htno state established "dport = :$PORT" | grep -q 'timer:(keepalive,[23]'
}

@test "apply finds nothing to do a second time" {
	play_plain
	kashim apply "$PID" >out
	kashim apply "$PID" >out
	[ "$(cat out)" = '0 sockets of 0 processes changed' ]
	have a "$POLICY" b "$POLICY" c "$POLICY"
}

@test "apply --dry-run says what apply would, and changes nothing" {
	play_plain
	kashim apply --dry-run "$PID" >dry
	have a "$UNTOUCHED" b "$UNTOUCHED" c "$UNTOUCHED"
	kashim apply "$PID" >out
	sed 's/would be changed/changed/' dry | diff - out
}

@test "a listener that apply has changed hands the policy on to what it accepts" {
	needs socat
	unwrap
	take_port
	start socat "TCP-LISTEN:$PORT,fork,reuseaddr" 'SYSTEM:sleep 600'
	wait_for has "$PID" listen
	server=$PID
	kashim apply "$server" >out
	start_plain socat "TCP:127.0.0.1:$PORT" STDIO
	wait_for serves "$server"
	[ "$(timers_of "$(children_of "$server" | head -n 1)" established)" = "$POLICY" ]
	[ "$(timers_of "$PID" established)" = "$UNTOUCHED" ] || fail "control: the client"
}

serves() {
	local child
	child=$(children_of "$1" | head -n 1)
	[ -n "$child" ] && has "$child" established
}

@test "apply in mode suggest fills what still has the kernel's default" {
	needs_known_defaults
	printf 'defaults: { mode = "suggest"; idle = 33; interval = 11; count = 5; };\n' | policy
	unwrap
	play 'a socket inet' 'a set TCP_KEEPIDLE 500' 'b socket inet'
	kashim apply "$PID" >out
	have a 1/500/11/5 b "$POLICY"
	grep -qF 'keepalive off -> on, interval 75s -> 11s, count 9 -> 5' out
}

@test "apply wins over the program's own values, and sets the user timeout" {
	printf 'defaults: { idle = 33; interval = 11; count = 5; user_timeout = "1500ms"; };\n' | policy
	unwrap
	play 'a socket inet' 'a set TCP_KEEPIDLE 500'
	kashim apply "$PID" >out
	have a "$POLICY"
	has_option a TCP_USER_TIMEOUT 1500
	grep -qF 'idle 500s -> 33s, interval 75s -> 11s, count 9 -> 5, user_timeout off -> 1500ms' out || fail "$(cat out)"
}

@test "apply leaves alone what a rule turns off" {
	printf 'rules = ( { program = "play"; mode = "off"; } );\n' | policy
	play_plain
	kashim apply "$PID" >out
	have a "$UNTOUCHED" b "$UNTOUCHED" c "$UNTOUCHED"
}

@test "apply follows rules that look at connections" {
	take_port
	printf 'rules = ( { direction = "accept"; idle = 21; }, { remote_port = %s; idle = 22; }, { idle = 23; } );\n' $((PORT + 1)) | policy
	play_plain
	kashim apply "$PID" >out
	have a 1/23/10/6 b 1/21/10/6 c 1/22/10/6
}

@test "apply sets the options of listeners on listeners alone" {
	printf 'defaults: { defer_accept = "7s"; };\n' | policy
	play_plain
	has_option a TCP_DEFER_ACCEPT 0
	kashim apply "$PID" >out
	not has_option a TCP_DEFER_ACCEPT 0
	has_option c TCP_DEFER_ACCEPT 0
}

@test "apply touches sockets of TCP alone" {
	unwrap
	play 'a socket unix' 'b socket udp' 'c socket inet'
	kashim apply "$PID" >out
	has_option a SO_KEEPALIVE 0
	has_option b SO_KEEPALIVE 0
	has_option c SO_KEEPALIVE 1
	grep -qx '1 socket of 1 process changed' out
}

@test "apply reaches static and Go programs" {
	build_static
	play_plain ./static
	kashim apply "$PID" >out
	have a "$POLICY" b "$POLICY" c "$POLICY"
	needs_go
	CGO_ENABLED=0 go build -o program program.go 2>go.log || skip "go cannot build: $(head -n 1 go.log)"
	take_port
	play_with ./program "127.0.0.1:$PORT"
	wait_for has "$PID" listen established
	not all_are "$POLICY" "$PID"
	kashim apply program >out
	# Go has keepalive on already, with an idle time of its own that is shorter.
	all_are "${POLICY/33/15}" "$PID" || all_but_listener_are "${POLICY/33/15}" || fail "$(sockets_of "$PID")"
	kashim apply program >out
	grep -qx '0 sockets of 0 processes changed' out || fail "$(cat out)"
}

all_but_listener_are() {
	[ "$(timers_of "$PID" established | sort -u)" = "$1" ] && [ "$(timers_of "$PID" listen)" = "$POLICY" ]
}

@test "apply finds redis by its name while it works, and its connection still carries data" {
	needs redis-server redis-cli
	unwrap
	take_port
	start redis-server --port "$PORT" --bind 127.0.0.1 --save '' --appendonly no
	server=$PID
	wait_for has "$server" listen
	mkfifo commands
	in_scene redis-cli -p "$PORT" <commands >answers 2>&1 3>&- &
	STARTED+=("$!")
	exec 8>commands
	echo 'set a 7' >&8
	wait_for grep -q OK answers
	[ "$(timers_of "$server" established)" = 1/300/100/3 ] || fail "control: $(timers_of "$server")"
	kashim apply "$server" >out
	[ "$(timers_of "$server" established)" = 1/33/11/3 ] || fail "$(sockets_of "$server")"
	echo 'get a' >&8
	wait_for grep -q 7 answers
	exec 8>&-
}

@test "apply changes all processes of a container, and no other" {
	needs_root
	needs unshare
	unwrap
	play 'a socket inet'
	outside=$PID
	# shellcheck disable=SC2016,SC2094 # the shell in there expands it
	unshare --pid --fork --mount-proc --net env KASHIM_CONF="$PWD/k.conf" sh -euc '
		ip link set lo up
		"$1" "a socket inet" >one & "$1" "a socket inet" >two &
		for file in one two; do
			tries=0
			until grep -qs ready $file; do tries=$((tries + 1)); [ $tries -lt 1000 ]; sleep 0.03; done
		done
		"$2" apply --all
		"$2" status --unprotected' sh "$PLAY" "$COMMAND" <quiet >out 2>err 9<>quiet || fail "$(cat out err)"
	grep -qx '2 sockets of 2 processes changed' out || fail "$(cat out err)"
	[ "$(timers_of "$outside")" = "$UNTOUCHED" ]
}

@test "apply without a process named does nothing" {
	ends 2 'which processes' kashim apply
	ends 2 'which processes' kashim apply --dry-run
	ends 2 'which processes' kashim apply --all 1
	ends 1 '^kashim: 4194305: no such process$' kashim apply 4194305
}

@test "apply changes nothing while the configuration is in error" {
	play_plain
	printf 'defaults: { idel = 5; };\n' >k.conf
	ends 1 'k.conf:1: idel: no such setting' kashim apply "$PID"
	have a "$UNTOUCHED" b "$UNTOUCHED" c "$UNTOUCHED"
}

@test "apply without permission says so, and ends with status 1" {
	needs_root
	needs setpriv
	play_plain
	ends 1 '^kashim: 1 process could not be looked at' setpriv --reuid 65534 --clear-groups "$COMMAND" apply "$PID"
	have a "$UNTOUCHED"
}

@test "apply --json prints an object for each option" {
	needs_python
	play_plain
	kashim apply --dry-run --json "$PID" >dry.json
	kashim apply --json "$PID" >out.json
	"$PYTHON" -c '
import json
dry, out = (json.load(open(name)) for name in ("dry.json", "out.json"))
assert len(out) == 12, out
assert {row["option"] for row in out} == {"keepalive", "idle", "interval", "count"}
first = [row for row in out if row["option"] == "idle"][0]
assert first["before"] == 7200 and first["after"] == 33 and first["changed"] is True, first
assert [dict(row, changed=True) for row in dry] == out'
}

@test "apply takes descriptors that come and go meanwhile for no error" {
	needs_python
	unwrap
	start "$PYTHON" -c '
import socket
print("ready", flush=True)
while True:
    sockets = [socket.socket() for _ in range(900)]
    for one in sockets:
        one.close()'
	wait_for is_played
	for _ in $(seq 10); do
		ends 0 '' kashim apply "$PID"
		[ ! -s err ] || fail "$(cat err)"
	done
}

@test "apply takes a process that ends meanwhile for no error" {
	local call
	needs strace
	play_plain
	# What the kernel says of one that is gone by then.
	for call in pidfd_open pidfd_getfd; do
		strace -f -qq -o trace -e "trace=$call" -e "inject=$call:error=ESRCH" env KASHIM_CONF="$PWD/k.conf" "$COMMAND" apply "$PID" >out 2>err
		grep -q 'ESRCH.*INJECTED' trace || fail "control: $(cat trace)"
		[ ! -s err ] || fail "$call: $(cat err)"
		[ "$(cat out)" = '0 sockets of 0 processes changed' ] || fail "$call: $(cat out)"
	done
	# shellcheck disable=SC2016
	start_plain sh -c 'while :; do "$0" "z socket inet" exec true >/dev/null; done' "$PLAY"
	for _ in $(seq 30); do
		kashim apply --dry-run 'play' "$PID" >out 2>err || :
		not grep -vE 'no process runs this program|could not be looked at: Permission denied' err
	done
}

@test "apply sends no packet" {
	play_plain
	before=$(in_scene sh -c 'cat /proc/net/dev' | sed -n 's/^ *lo: *[0-9]* *\([0-9]*\).*/\1/p')
	kashim apply "$PID" >out
	have c "$POLICY"
	[ "$(in_scene sh -c 'cat /proc/net/dev' | sed -n 's/^ *lo: *[0-9]* *\([0-9]*\).*/\1/p')" = "$before" ]
}
