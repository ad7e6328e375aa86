# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What the live tests share. Each test runs in a directory and, where the machine allows it, in a network
# namespace of its own, so that its ports are its alone and nothing leaves the host. Programs run with a policy
# that no program would choose by itself, and what they got is read from outside of them.

# shellcheck source=tests/lib/basics.bash
. "$(dirname "${BASH_SOURCE[0]}")/basics.bash"

SHIM=$ROOT/build/libkashim.so
SOCKOPTS=$ROOT/build/tests/sockopts

# The mode of the policy; a file of tests may have another one.
MODE=

# As timers_of prints them: the policy, and what a socket has by itself.
export POLICY=1/33/11/5 UNTOUCHED=0/7200/75/9

# Seconds, for whatever is waited for.
PATIENCE=${PATIENCE:-30}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unset LD_PRELOAD KASHIM KASHIM_CONF KASHIM_LOG KASHIM_VERBOSE
	unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
	export LC_ALL=C PATH=$PATH:/usr/sbin:/sbin
	umask 022
	STARTED=()
	SCENE=()
	PORT=
	if [ ! -e "$SHIM" ] || [ ! -x "$SOCKOPTS" ]; then
		fail "build first: make all build/tests/sockopts"
	fi
	open_scene
	mkfifo quiet
	printf 'defaults: { mode = "%s"; idle = 33; interval = 11; count = 5; retransmit_max = "off"; };\n' \
		"${MODE:-tighten}" >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	wrap env
	needs pidfd_getfd
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED:-}" ] || [ ! -s log ] || sed 's/^/log: /' log
	end "${STARTED[@]}"
}

# All that a library can write to: a page more is a page of memory and a fault at each start.
data_are_one_page() {
	local start size
	readelf -lW "$1" | sed -n 's/^ *LOAD .* \(0x[0-9a-f]*\) 0x[0-9a-f]* 0x[0-9a-f]* \(0x[0-9a-f]*\) RW .*/\1 \2/p' >data
	[ "$(wc -l <data)" = 1 ] || fail "$(readelf -lW "$1")" || return
	read -r start size <data
	[ $((start / 4096)) = $(((start + size - 1) / 4096)) ] || fail "$(cat data)"
}

# Where ports and addresses are the test's alone, so that rules can name them.
needs_scene() {
	[ ${#SCENE[@]} -gt 0 ] || skip "no network namespace to be had"
}

# A namespace, held by a process of its own, with some IPv6 addresses beyond ::1, as there are beyond 127.0.0.1.
# SCENE is put in front of a command to run it in there; it stays empty where there are no namespaces to be had.
open_scene() {
	local make=(unshare --net) join=(nsenter) up lines
	# shellcheck disable=SC2016 # the shell in the namespace expands it
	local addresses='for at in fd00:1::1 fd00:1::2 fd00:2::1; do ip -6 address add "$at/128" dev lo || break; done'
	if [ "$(id -u)" != 0 ]; then
		make=(unshare --user --map-current-user --keep-caps --net)
		join=(nsenter --user --preserve-credentials)
	fi
	exec {lines}< <(exec "${make[@]}" sh -c "ip link set lo up && { $addresses; echo up; } && exec sleep 600" \
		</dev/null 2>/dev/null 3>&-)
	STARTED+=("$!")
	read -r -t "$PATIENCE" up <&"$lines" || up=
	exec {lines}<&-
	[ "$up" = up ] || return 0
	SCENE=("${join[@]}" --net --target "${STARTED[-1]}" --)
	"${SCENE[@]}" true 2>/dev/null || SCENE=()
}

in_scene() {
	"${SCENE[@]}" "$@"
}

# From now on programs are started under the shim, by this command, which takes variables in front of a program.
wrap() {
	WRAPPED=("$@" "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$SHIM")
	WITH=("${WRAPPED[@]}")
}

unwrap() {
	WITH=()
}

# A port that nobody uses, in PORT.
take_port() {
	PORT=$((${PORT:-10000 + ($$ * 16) % 20000} + 1))
	while [ -n "$(in_scene ss -Htan "sport = :$PORT")" ]; do
		PORT=$((PORT + 1))
	done
}

# Somebody listens there.
listens() {
	[ -n "$(in_scene ss -Hltn "sport = :$PORT")" ]
}

# Run a program in the background, under the shim when WITH says so; PID is its own. Its input stays silent and
# never ends.
start() {
	start_plain "${WITH[@]}" "$@"
}

start_plain() {
	"${SCENE[@]}" "$@" 0<>quiet >>log 2>&1 3>&- &
	PID=$!
	STARTED+=("$PID")
}

has_child() {
	[ -n "$(children_of "$1")" ]
}

end() {
	local family
	mapfile -t family < <(family_of "$@")
	[ ${#family[@]} -gt 0 ] || return 0
	kill -KILL "${family[@]}" 2>/dev/null || :
	wait "$@" 2>/dev/null || :
}

is_gone() {
	[ ! -e "/proc/$1" ] || grep -q '^State:	Z' "/proc/$1/status" 2>/dev/null
}

# keepalive/idle/interval/count of each TCP socket of a process, or of those in one state. sockets_of has the whole lines.
timers_of() {
	sockets_of "$1" "${2:-}" | sed 's/.* keepalive=\([^ ]*\) idle=\([^ ]*\) interval=\([^ ]*\) count=\([^ ]*\) .*/\1\/\2\/\3\/\4/'
}

sockets_of() {
	"$SOCKOPTS" "$1" | grep " state=${2:-.*} " || :
}

# Whether a process has a TCP socket in each of these states.
has() {
	local pid=$1 state
	shift
	for state; do
		[ -n "$(sockets_of "$pid" "$state" 2>/dev/null)" ] || return
	done
}

all_are() {
	local timers
	timers=$(timers_of "$2" | sort -u) && [ "$timers" = "$1" ]
}

# Second opinion, by the kernel's netlink interface: is a keepalive timer running on each connection of a process?
# Started by the policy, it has 33 seconds at most.
ss_agrees() {
	local line local_end
	while read -r line; do
		local_end=${line#* local=}
		in_scene ss -Htno state established "sport = :$(port_of "${local_end%% *}")" |
			grep -Eq 'timer:\(keepalive,([0-3]?[0-9](\.[0-9]*)?sec|[0-9]*ms)' || return
	done < <(sockets_of "$1" established)
}

port_of() {
	echo "${1##*:}"
}

# What every scene ends with: the process has TCP sockets in these states, and each of its TCP sockets carries the
# policy under the shim, and does not without.
expect_policy() {
	local pid=$1 timers
	wait_for has "$@" || fail "$(sockets_of "$pid")" || return
	if [ ${#WITH[@]} -gt 0 ]; then
		wait_for all_are "$POLICY" "$pid" || fail "$(sockets_of "$pid")" || return
		wait_for ss_agrees "$pid" || fail "$(in_scene ss -tano)"
	else
		timers=$(timers_of "$pid")
		case $timers in
		*"$POLICY"*) fail "control: the policy without the shim: $timers" || return ;;
		esac
		# Some programs switch it on themselves, for longer times or shorter ones.
		if ! has "$pid" established || grep -q ^1/ <<<"$timers"; then
			return 0
		fi
		! ss_agrees "$pid" || fail "control: its timer without the shim: $(in_scene ss -tano)"
	fi
}

# Play a scene under the shim, and again without it.
under_the_shim_and_without() {
	under_the_shim "$@"
	end_scene
	without_the_shim "$@"
}

under_the_shim() {
	take_port
	WITH=("${WRAPPED[@]}")
	"$@"
}

without_the_shim() {
	take_port
	unwrap
	"$@"
}

# All that was started, except for the holder of the namespace.
end_scene() {
	end "${STARTED[@]:1}"
	STARTED=("${STARTED[0]}")
}

