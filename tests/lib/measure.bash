# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests of kashim measure. Loaded after wire.bash.

# On the client, with a prefix in WITH; its exit status is in STATUS.
measure() {
	STATUS=0
	in_client "${WITH[@]}" timeout 170 "$ROOT/build/kashim" measure "$@" >out.log 2>err.log || STATUS=$?
	cat out.log err.log
	[ "$STATUS" != 124 ] || { echo "missed: it was not done after 170 s" && exit "$LATE"; }
}

exits_with() {
	[ "$STATUS" = "$1" ] || fail "exit status $STATUS, not $1"
}

# A member of the result of --json.
result() {
	sed -n '/"type": "result"/s/.*"'"$1"'": \([^,}]*\).*/\1/p' out.log
}

has() {
	local value
	value=$(result "$1")
	[ "$value" = "$2" ] || fail "$1 is $value, not $2"
}

holds() {
	awk "BEGIN { exit !($1) }" || fail "not true: $1"
}

# A path counts from the last packet that it has seen, which on a busy machine is somewhat after our own clock began.
remembers_less_than() {
	holds "$(result remembered) < $1 + 0.5"
}

# The server, at this address, or else at its first one; it may close what was silent for so many seconds.
serve() {
	peer server server accept "${1:-10.77.2.2}" 7000 "${@:2}"
	says server listening
}

has_connections() {
	[ "$(in_client ss -Htn state established | wc -l)" -ge "$1" ]
}
