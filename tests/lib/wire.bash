# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2030,SC2031 # what belongs to a scene stays in its subshell
#
# What the wire tests share. Each scene plays in a network of its own, in three namespaces. The scenes of a file are
# played at the same time, before its tests: they spend their time waiting for the kernel. A test then tells how one
# of them went. In each, the same program runs without kashim, too, and meets the same outage.

# shellcheck source=tests/lib/basics.bash
. "$(dirname "${BASH_SOURCE[0]}")/basics.bash"

SHIM=${SHIM:-$ROOT/build/libkashim.so}

# shellcheck source=/dev/null
. "$ROOT/tests/lib/network.sh"

# Seconds, for whatever is waited for.
PATIENCE=${PATIENCE:-20}

# Exit statuses of a scene: it missed a time, since the machine let it wait; a command is missing.
LATE=75 MISSING=77

# setup_file of every file: play all of its scenes, each a name and a command.
play_all() {
	local line number=0 players=()
	export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C
	unset LD_PRELOAD KASHIM KASHIM_CONF KASHIM_LOG KASHIM_VERBOSE
	[ -e "$SHIM" ] || fail "build first: make all" || return
	cd "$BATS_FILE_TMPDIR" || return
	NETWORK=$NETWORK-try
	network_open >why_not || return 0
	network_close
	NETWORK=${NETWORK%-try}
	rm why_not
	while read -r line; do
		number=$((number + 1))
		echo "$line" >>scenes
		play_scene "$number" "$line" 3>&- &
		players+=("$!")
		echo "$!" >>players
	done
	wait "${players[@]}" || :
	# They have ended, and others get their numbers.
	rm -f players
}

# teardown_file of every file.
stop_all() {
	local player
	[ ! -e "$BATS_FILE_TMPDIR/players" ] || while read -r player; do
		kill "$player" 2>/dev/null || :
	done <"$BATS_FILE_TMPDIR/players"
	network_release
	wait
}

# One scene in a directory and a network of its own.
play_scene() (
	name=${2%% *}
	NETWORK=$NETWORK-$1
	STARTED=()
	trap - ERR DEBUG
	# In place of that of bats, which is for tests alone.
	skip() { echo "$1"; exit "$MISSING"; }
	rm -rf "./$name"
	mkdir "$name"
	cd "$name" || exit
	exec >report 2>&1 </dev/null
	trap 'status=$?; trap "" HUP INT TERM; close_scene; echo "$status" >status' EXIT
	trap 'exit 1' HUP INT TERM
	mkfifo quiet
	network_open
	set -e
	start_clockwork
	# shellcheck disable=SC2086 # a command and its arguments
	${2#* }
)

close_scene() {
	local family
	exec 2>/dev/null
	mapfile -t family < <(family_of "${STARTED[@]}")
	[ ${#family[@]} -eq 0 ] || kill -KILL "${family[@]}" || :
	wait
	network_close
}

# What a test says of its scene: it went well. One that missed a time is played again, alone, three times at most.
scene() {
	cd "$BATS_FILE_TMPDIR" || return
	[ ! -e why_not ] || skip "$(cat why_not)"
	local try
	for try in 1 2 3; do
		[ "$(cat "$1/status")" = "$LATE" ] || break
		echo "# again: $1, $try of 3; it $(tail -n 1 "$1/report")" >&3
		play_scene "$BATS_TEST_NUMBER" "$(grep "^$1 " scenes)" 3>&- &
		wait "$!" || :
	done
	[ "$(cat "$1/status")" != "$MISSING" ] || skip "$(tail -n 1 "$1/report")"
	[ "$(cat "$1/status")" = 0 ] || report "$1" || return
	[ -z "${KASHIM_WIRE_TABLE:-}" ] || cat "$1/row" >>"$KASHIM_WIRE_TABLE"
}

report() {
	echo "exit status $(cat "$1/status")"
	tail -n 30 "$1"/report "$1"/*.log "$1"/*.end 2>/dev/null
	return 1
}

# The settings for what is wrapped.
settings() {
	printf 'defaults: { %s };\n' "$1" >"${2:-k}.conf"
	"$ROOT/build/kashim" compile "${2:-k}.conf" >/dev/null
}

# Start a program on a host: its process id is in NAME.pid, its output in NAME.log, and when it has ended, its exit
# status and the time in NAME.end. Its input is silent, or NAME.in if that is there.
start_named() {
	local name=$1 host=$2 input=quiet
	shift 2
	[ ! -p "$name.in" ] || input=$name.in
	: >"$name.log"
	{
		network_become "$host" "$@" 0<>"$input" >>"$name.log" 2>&1 &
		echo "$!" >"$name.pid.new"
		mv "$name.pid.new" "$name.pid"
		status=0
		wait "$!" || status=$?
		echo "$status $(now)" >"$name.end.new"
		mv "$name.end.new" "$name.end"
	} &
	STARTED+=("$!")
	wait_for test -e "$name.pid"
}

start_wrapped() {
	local name=$1 host=$2
	shift 2
	start_named "$name" "$host" env "KASHIM_CONF=$PWD/${CONF:-k}.conf" "LD_PRELOAD=$SHIM" "$@"
}

pid_of() {
	cat "$1.pid"
}

# The same with tests/lib/inside/peer.py as the program.
peer() {
	start_named "$1" "$2" "$PYTHON" "$ROOT/tests/lib/inside/peer.py" "${@:3}"
}

wrapped_peer() {
	start_wrapped "$1" "$2" "$PYTHON" "$ROOT/tests/lib/inside/peer.py" "${@:3}"
}

ping_from() {
	local name
	PINGED=$(now)
	for name; do
		kill -USR1 "$(pid_of "$name")"
	done
}

# A line for programs that read one.
type_into() {
	local line=$1 name
	shift
	PINGED=$(now)
	for name; do
		echo "$line" >"$name.in"
	done
}

# In microseconds since the machine started; no clock that is set again.
now() {
	local seconds
	read -r seconds _ </proc/uptime
	echo "${seconds/./}0000"
}

# What was to be done in time was not. That is no fault of what is tested.
missed() {
	echo "missed: $*"
	exit "$LATE"
}

# A program that waits for its orders: what has to happen at a time, no tool has to be started for.
start_clockwork() {
	local host hosts=()
	needs python3
	for host in client server; do
		hosts+=("$host=/run/netns/$NETWORK-$host")
	done
	mkfifo clockwork.in
	start_named clockwork router "$(python)" "$ROOT/tests/lib/outside/clockwork.py" "${hosts[@]}"
	says clockwork ready
}

# Order something for the time from $1 to $2, as now has them, and wait until it is done.
order() {
	local from=$1 until=$2
	shift 2
	echo "$(in_seconds "$from") $(in_seconds "$until") $*" >clockwork.in
	says clockwork "\(done\|missed\) $*.*"
	! said clockwork "missed $*.*" || missed "$(grep -m 1 "^missed $*" clockwork.log)"
}

order_now() {
	local from
	from=$(now)
	order "$from" $((from + 500000)) "$@"
}

# These are the network's, by the clockwork.
network_cut() {
	needs nftables
	order_now cut "$@"
}

network_heal() {
	order_now heal "$@"
}

# The same as in network.sh, where the machine can.
network_rules() {
	needs nftables
	in_router nft -f -
}

network_link_down() {
	order_now down "${1:-client}"
}

# Seconds after the silence began, perhaps for one port.
network_heal_after() {
	local from
	from=$((SILENT + $(in_microseconds "$1")))
	order "$from" $((from + 250000)) heal "${@:2}"
}

# So far not more than so many seconds of the silence are over.
within() {
	[ $(($(now) - SILENT)) -lt "$(in_microseconds "$1")" ] || missed "$1 s of the silence are over"
}

# A line of what a program said, so many times.
said() {
	[ "$(grep -cx -- "$2" "$1.log")" -ge "${3:-1}" ]
}

says() {
	wait_for said "$@"
}

ended() {
	[ -e "$1.end" ]
}

is_waiting() {
	! ended "$1" || fail "$1 has ended: $(cat "$1.log")" || return
	! said "$1" 'ended .*' || fail "$1 has lost its connection: $(cat "$1.log")"
}

# Everything that was sent has been acknowledged, on both hosts: the silence begins.
is_silent() {
	! in_client ss -Htn | awk '$2 != 0 || $3 != 0 { found = 1 } END { exit !found }' &&
		! in_server ss -Htn | awk '$2 != 0 || $3 != 0 { found = 1 } END { exit !found }'
}

# Since when, in SILENT: the client's kernel knows when the last segment came. Not later than it was.
silence() {
	wait_for is_silent
	look_at_silence
}

# The same for one port, and not more than 0.2 s earlier.
silence_of() {
	local try
	wait_for is_silent
	for try in 1 2 3; do
		look_at_silence "sport = :$1 or dport = :$1"
		[ "$UNSURE" -gt 200000 ] || return 0
	done
	missed "$(in_seconds "$UNSURE") s for a look at the sockets, in try $try"
}

look_at_silence() {
	local before age
	before=$(now)
	age=$(in_client ss -Htni "$@" | grep -o 'last\(rcv\|ack\):[0-9]*' | cut -d : -f 2 | sort -n | head -n 1)
	UNSURE=$(($(now) - before))
	SILENT=$((before - ${age:-0} * 1000))
}

# Until so many seconds have passed since then.
until_after() {
	local left=$((${2:-$SILENT} + $(in_microseconds "$1") - $(now)))
	[ "$left" -le 0 ] || sleep "$(in_seconds "$left")"
}

# Six places at most.
in_microseconds() {
	local whole=${1%%.*} part=000000
	[ "$whole" = "$1" ] || part=${1#*.}000000
	echo $((10#${whole:-0} * 1000000 + 10#${part:0:6}))
}

in_seconds() {
	printf '%d.%02d' $(($1 / 1000000)) $(($1 / 10000 % 100))
}

# A measured time is what the formula says, with room for the kernel's timers. When it is longer and the machine has let
# others sleep for too long, too, it is not the kernel's fault.
took() {
	awk -v measured="$1" -v expected="$2" 'BEGIN { exit !(measured >= expected - 0.1) }' ||
		fail "after $1 s, not $2 s: too early" || return
	awk -v measured="$1" -v expected="$2" 'BEGIN { exit !(measured <= expected + 1.0) }' || {
		! grep -q ^overslept clockwork.log || missed "after $1 s, not $2 s; $(grep -m 1 ^overslept clockwork.log)"
		fail "after $1 s, not $2 s: too late"
	}
}

# A peer.py lost its connection with this error, so many seconds after the last byte.
lost() {
	local name=$1 error=$2 line
	says "$name" "ended .*"
	line=$(grep -m 1 ^ended "$name.log")
	[ "${line% *}" = "ended $error" ] || fail "$name: $line, not $error" || return
	MEASURED=${line##* }
	took "$MEASURED" "$3"
}

# A program ended by itself, with an exit status of this pattern, so many seconds after the last byte.
gave_up() {
	local status ended
	wait_for ended "$1"
	read -r status ended <"$1.end"
	# shellcheck disable=SC2053 # a pattern
	[[ $status = $2 ]] || fail "$1 ended with $status: $(cat "$1.log")" || return
	MEASURED=$(in_seconds $((ended - PINGED)))
	took "$MEASURED" "$3"
}

# Both ways, over the connection of a client that is there: it asks, and the server answers.
carries_data() {
	local name=$1 before
	before=$(grep -cx 'got pong' "$name.log") || :
	ping_from "$name"
	says "$name" 'got pong' $((before + 1))
}

# An sshd on the server, and SSH, a client's command for a session in which what is typed comes back. Its home is here, so
# that the shell reads nobody's files.
start_sshd_on_server() {
	local user
	user=$(id -un)
	needs root
	ssh-keygen -q -t ed25519 -N '' -f host_key
	ssh-keygen -q -t ed25519 -N '' -f user_key
	mkdir -p /run/sshd
	cat >sshd_config <<-END
		ListenAddress $SERVER_IPV4:7022
		HostKey $PWD/host_key
		AuthorizedKeysFile $PWD/user_key.pub
		PidFile none
		UsePAM no
		StrictModes no
		PasswordAuthentication no
		PrintMotd no
		SetEnv HOME=$PWD
	END
	start_named sshd server "$(command -v sshd)" -D -e -f "$PWD/sshd_config"
	says sshd 'Server listening on .*'
	# shellcheck disable=SC2034 # for the scenes
	SSH=(ssh -F none -i user_key -p 7022 -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile=/dev/null
		-o StrictHostKeyChecking=no -tt "$user@$SERVER_IPV4" 'echo welcome; exec cat')
}

# scenario, without kashim, with it, expected
row() {
	printf '%s\t%s\t%s\t%s\n' "$@" >row
}
