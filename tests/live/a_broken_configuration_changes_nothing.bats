#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Whatever there is in place of a configuration, the program runs: same output, same exit status, and its sockets as
# without the shim, or with the last good policy. The shim says so in its log, and there alone.

load ../lib/live

# A program that writes, makes a socket, waits for a line, and ends with 7. What it did is in out, err, timers, and in ended.
observe() {
	local start=$SECONDS
	: >out
	"${SCENE[@]}" "$@" "$PYTHON" -c '
import socket, sys
sock = socket.socket()
print("wrong", file=sys.stderr, flush=True)
print("right", flush=True)
sys.stdin.readline()
sys.exit(7)' <>quiet >out 2>err 3>&- &
	PID=$!
	STARTED+=("$PID")
	wait_for grep -qx right out
	TOOK=$((SECONDS - start))
	timers_of "$PID" >timers
	echo >quiet
	ended=0
	wait "$PID" || ended=$?
}

# With this configuration the program gets these timers, undisturbed, and the shim's log holds this.
gets() {
	local timers=$1 log=$2 conf=$3
	needs_python
	shift 3
	observe
	[ "$(cat out err timers; echo "$ended")" = "$(printf 'right\nwrong\n%s\n7' "$UNTOUCHED")" ] ||
		fail "control: $(cat out err timers), $ended"
	rm -f report
	observe "$@" env "KASHIM_CONF=$conf" "LD_PRELOAD=$SHIM" "KASHIM_LOG=$PWD/report"
	[ "$(cat out err)" = "$(printf 'right\nwrong')" ] || fail "output: $(cat out err)"
	[ "$ended" -eq 7 ] || fail "exit status $ended"
	[ "$(cat timers)" = "$timers" ] || fail "timers: $(cat timers)"
	grep -q "$log" report || fail "the log has no \"$log\": $(cat report)"
}

ten_errors() {
	cat <<-'END'
		defaults: { idle = 0; interva1 = 15; count = 128; mode = "perhaps"; };
		rules = (
			{ program = 7; idle = "1 fortnight"; },
			{ remote = "300.1.2.3"; profile = "no-such"; },
			{ remote_port = "99999"; user = "nobody-by-that-name"; }
		);
	END
}

@test "ten errors" {
	ten_errors >bad.conf
	gets "$UNTOUCHED" bad.conf "$PWD/bad.conf"
	run "$ROOT/scripts/kashim" check bad.conf
	[ "$status" -eq 1 ]
	[ "$(grep -c '^bad.conf:[0-9]*: ' <<<"$output")" -eq 10 ] || fail "$output"
}

@test "no syntax at all" {
	head -c 3000 "$SHIM" >bad.conf
	gets "$UNTOUCHED" bad.conf "$PWD/bad.conf"
}

@test "missing" {
	gets "$UNTOUCHED" none.conf "$PWD/none.conf"
}

@test "missing, with its directory" {
	gets "$UNTOUCHED" none.conf "$PWD/no/where/none.conf"
}

@test "a directory" {
	mkdir bad.conf
	gets "$UNTOUCHED" bad.conf "$PWD/bad.conf"
}

# Two seconds for the text, and two and a half in all; the rest is for a noisy machine.
@test "a FIFO, which delays and does not hang" {
	mkfifo bad.conf
	gets "$UNTOUCHED" bad.conf "$PWD/bad.conf"
	[ "$TOOK" -le 5 ] || fail "$TOOK s"
}

@test "a device without end" {
	gets "$UNTOUCHED" /dev/zero /dev/zero
	[ "$TOOK" -le 5 ] || fail "$TOOK s"
}

@test "an empty file is a configuration" {
	: >empty.conf
	needs_python
	observe env "KASHIM_CONF=$PWD/empty.conf" "LD_PRELOAD=$SHIM" "KASHIM_LOG=$PWD/report"
	[ "$(cat timers)" = 1/60/10/6 ] || fail "$(cat timers)"
	[ ! -e report ] || fail "$(cat report)"
}

@test "unreadable" {
	local drop=()
	# Root reads everything, unless it lost the right to.
	[ "$(id -u)" != 0 ] || drop=(setpriv "--bounding-set=-dac_override,-dac_read_search")
	rm k.policy
	chmod 000 k.conf
	! "${drop[@]}" cat k.conf 2>/dev/null || skip "everything can be read here"
	gets "$UNTOUCHED" k.conf "$PWD/k.conf" "${drop[@]}"
}

@test "an @include of itself, of a directory, of nothing" {
	local what
	for what in bad.conf . nothing.conf; do
		printf '@include "%s"\n' "$what" >bad.conf
		gets "$UNTOUCHED" bad.conf "$PWD/bad.conf"
	done
}

@test "a drop-in with an error" {
	mkdir k.conf.d
	echo 'rules = ( { program = 7; } );' >k.conf.d/50-bad.conf
	rm k.policy
	gets "$UNTOUCHED" 50-bad.conf:1 "$PWD/k.conf"
}

@test "a variable with an error leaves the configuration in force" {
	gets "$POLICY" 'KASHIM is ignored' "$PWD/k.conf" env KASHIM=idle=soon
}

# The text is there, so a compiled form that is none costs time and no more.
good_text_for() {
	needs_python
	observe env "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$SHIM" "KASHIM_LOG=$PWD/report"
	[ "$(cat out err timers; echo "$ended")" = "$(printf 'right\nwrong\n%s\n7' "$POLICY")" ] ||
		fail "$(cat out err timers), $ended"
}

# Each bit of one byte.
flip() {
	local byte
	byte=$(od -An -tu1 -j "$1" -N 1 k.policy)
	# shellcheck disable=SC2059 # a byte by its number
	printf "\\$(printf %o $((255 - byte)))" | dd of=k.policy bs=1 seek="$1" conv=notrunc status=none
}

damage() {
	echo "a compiled policy that is: $1"
	case $1 in
	empty) : >k.policy ;;
	short) truncate -s -1 k.policy ;;
	header) truncate -s 20 k.policy ;;
	long) echo >>k.policy ;;
	flipped) flip "$(($(stat -c %s k.policy) / 2))" ;;
	text) cp k.conf k.policy ;;
	zeros) truncate -s 0 k.policy && truncate -s 4096 k.policy ;;
	huge) truncate -s 3G k.policy ;;
	writable) chmod 666 k.policy ;;
	directory) rm k.policy && mkdir k.policy ;;
	fifo) rm k.policy && mkfifo k.policy ;;
	device) ln -sf /dev/zero k.policy ;;
	loop) rm k.policy && ln -s k.policy k.policy ;;
	esac
}

all_damage() {
	printf '%s\n' empty short header long flipped text zeros huge writable directory fifo device loop
}

@test "a damaged compiled policy gives way to the text" {
	for kind in $(all_damage); do
		damage "$kind"
		good_text_for
		rm -rf k.policy
		"$ROOT/scripts/kashim" compile k.conf
	done
}

@test "a damaged compiled policy beside a text in error" {
	for kind in $(all_damage); do
		damage "$kind"
		ten_errors >k.conf
		gets "$UNTOUCHED" k.conf "$PWD/k.conf"
		rm -rf k.policy
		printf 'defaults: { idle = 33; interval = 11; count = 5; };\n' >k.conf
		"$ROOT/scripts/kashim" compile k.conf
	done
}

@test "the last good policy holds when the text breaks" {
	ten_errors >k.conf
	gets "$POLICY" k.conf "$PWD/k.conf"
}

@test "the last good policy holds when the text hangs" {
	rm k.conf
	mkfifo k.conf
	gets "$POLICY" k.conf "$PWD/k.conf"
	[ "$TOOK" -le 5 ] || fail "$TOOK s"
}

@test "a text that was mended is in force at once" {
	ten_errors >k.conf
	gets "$POLICY" k.conf "$PWD/k.conf"
	printf 'defaults: { idle = 44; interval = 11; count = 5; };\n' >k.conf
	observe env "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$SHIM"
	[ "$(cat timers)" = 1/44/11/5 ] || fail "$(cat timers)"
}
