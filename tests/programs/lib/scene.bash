# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: MIT
#
# scene.bash describe PROGRAM: what the program's file says of it, for the runner.
# scene.bash play PROGRAM WAY DIRECTORY: in a world of its own, start it, have it do its job, and stop it. What the job prints
# is compared exactly, what it says on standard error and in DIRECTORY/*.log line by line, without numbers.
#
# A program's file, tests/programs/NAME, sets some of the variables below, and has the functions
#   version   prints it
#   start     makes what is needed, and starts the program with `serve NAME COMMAND...`
#   job       waits for states with `wait_for`, has the program do its job, and prints what came out; what it runs as
#             `wrapped COMMAND...` is under kashim, too; `look` reads the options of all TCP sockets that are there
#   same      if need be, takes away what is different each time
# A command that fails in them ends the scene. make check-programs PROGRAMS=NAME runs it; what it printed and said is then
# in build/programs/run/NAME/WAY-N.
set -eu -o pipefail
export LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

packages=     # Debian's names
unpacked=     # Debian packages that cannot be installed beside others, so only their files are there
modules=      # npm's names; NODE_MODULES is the directory in which they are
ordinary=no   # yes: it runs as somebody, who is nobody special
limit=60      # seconds for all of it
reached=yes   # no: a preload cannot reach it, so it is as without, and nothing else
unprotected=  # names of processes that have TCP sockets and are known not to be reached
start() { :; }
version() { :; }
# A filter for what is printed differently each time.
same() { cat; }

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
ROOT=$(cd "$TESTS/../.." && pwd)
NODE_MODULES=$ROOT/build/programs/modules/node_modules
PATIENCE=30
SERVED=()

# Run a program as its user would, under kashim when that is the way.
wrapped() {
	"${AS[@]}" "${WITH[@]}" "$@"
}

# The same in the background; PID is its process, and what it says is in NAME.log.
serve() {
	local name=$1
	shift
	# Some open it again by themselves, as /dev/stderr.
	: >>"$DIRECTORY/$name.log"
	chmod 666 "$DIRECTORY/$name.log"
	# Some end their whole group of processes.
	setsid "${AS[@]}" "${WITH[@]}" "$@" </dev/null >>"$DIRECTORY/$name.log" 2>&1 &
	PID=$!
	SERVED+=("$PID")
}

# A process of the test's own, which is not looked at.
beside() {
	"$@" </dev/null >/dev/null 2>&1 &
	PID=$!
	SERVED+=("$PID")
}

# Without kashim, as the same user.
plain() {
	"${AS[@]}" "$@"
}

library() {
	find /usr/local/lib -name libkashim.so
}

fail() {
	echo "$*" >&2
	exit 1
}

wait_for() {
	local deadline=$((SECONDS + PATIENCE))
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -le "$deadline" ] || fail "waited in vain: $*"
		sleep 0.05
	done
}

listens() {
	[ -n "$(ss -Hltn "sport = :$1")" ]
}

is_gone() {
	[ ! -e "/proc/$1" ] || grep -q '^State:	Z' "/proc/$1/status" 2>/dev/null
}

# A file in which a line matches.
says() {
	grep -q -- "$2" "$1"
}

# A web server beside it, on PORT, with a directory's files, and with /slow and /hold: see web.py.
web() {
	python3 "$TESTS/lib/web.py" "$1" "$2" </dev/null >"$DIRECTORY/web.seen" 2>/dev/null &
	SERVED+=("$!")
	wait_for listens "$1"
}

# Read the options of all TCP sockets, from outside of their processes: which program, whether the library is in it, and
# what tests/lib/outside/sockopts.c says.
look() {
	local process kind line
	for process in /proc/[0-9]*; do
		if grep -qs /libkashim "$process/maps"; then
			kind=wrapped
		elif tr '\0' '\n' 2>/dev/null <"$process/environ" | grep -qx BESIDE=1; then
			continue
		else
			kind=plain
		fi
		"$ROOT/build/tests/sockopts" "${process#/proc/}" 2>/dev/null | while read -r line; do
			printf '%s\t%s\t%s\n' "$(cat "$process/comm")" "$kind" "$line"
		done >>"$DIRECTORY/sockets" || :
	done
}

# All that was started, the last first, so that no program sees another one go before it.
stop() {
	local i
	for ((i = ${#SERVED[@]} - 1; i >= 0; i--)); do
		kill -TERM "${SERVED[i]}" 2>/dev/null || :
		wait "${SERVED[i]}" 2>/dev/null || :
	done
	SERVED=()
}

finish() {
	local said
	for said in "$DIRECTORY"/raw "$DIRECTORY"/err "$DIRECTORY"/*.log; do
		[ ! -e "$said" ] || same <"$said" >"$said.same" || :
	done
}

describe() {
	local key
	for key in packages unpacked modules ordinary limit reached unprotected; do
		printf '%s=%s\n' "$key" "$(tr -s '\t\n ' ' ' <<<"${!key}")"
	done
}

play() {
	local way=$1
	DIRECTORY=$2
	# The runner gives it to this shell, and it is taken away from what is wrapped, so that what has it belongs to the test.
	WITH=(env -u BESIDE)
	case $way in
	control) ;;
	preload) WITH+=("LD_PRELOAD=$(library)") ;;
	*)
		# What a preload cannot reach, kashim run refuses.
		if [ "$reached" = yes ]; then WITH+=(kashim run --); else WITH+=("LD_PRELOAD=$(library)"); fi
		;;
	esac
	# The others have it compiled, so in this one each program that starts has it done by a child.
	[ ! -e /etc/kashim.conf ] || [ "$way" = rules ] || kashim compile >/dev/null
	AS=()
	cd /root
	if [ "$ordinary" = yes ]; then
		AS=(setpriv --reuid somebody --regid somebody --init-groups --
			env HOME=/home/somebody USER=somebody LOGNAME=somebody XDG_RUNTIME_DIR=/run/user/4711)
		cd /home/somebody
	fi
	version >"$DIRECTORY/version" 2>/dev/null </dev/null || :
	trap finish EXIT
	exec </dev/null >"$DIRECTORY/raw" 2>"$DIRECTORY/err"
	start
	job
	stop
}

action=$1 program=$2
shift 2
# shellcheck source=/dev/null
. "$TESTS/$program"
"$action" "$@"
