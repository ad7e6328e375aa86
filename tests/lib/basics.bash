# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What all tests share: how one fails, waits, is skipped, and finds processes.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# The programs that are made from tests/lib/inside and tests/lib/outside.
TOOLS=$ROOT/build/tests

# shellcheck source=tests/lib/needs.bash
. "$ROOT/tests/lib/needs.bash"

fail() {
	printf '%s\n' "$*"
	return 1
}

# Under errexit, a command after a plain ! never fails a test.
not() {
	! "$@"
}

# Until a command succeeds.
wait_for() {
	local deadline=$((SECONDS + PATIENCE))
	until "$@"; do
		[ "$SECONDS" -le "$deadline" ] || fail "waited in vain: $*" || return
		sleep 0.03
	done
}

children_of() {
	grep -lsx "PPid:	$1" /proc/[0-9]*/status | cut -d/ -f3
}

# The processes and all below them.
family_of() {
	local pid children
	for pid; do
		echo "$pid"
		mapfile -t children < <(children_of "$pid")
		family_of "${children[@]}"
	done
}

# A python3 that is a program: LD_PRELOAD would mean the shell of a wrapper script.
python() {
	local path
	while read -r path; do
		if [ "$(head -c 4 "$path")" = $'\x7fELF' ]; then
			echo "$path"
			return
		fi
	done < <(type -ap python3)
	return 1
}

needs_root() {
	needs root
}

needs_python() {
	needs python3
	PYTHON=$(python)
	export PYTHON
}
