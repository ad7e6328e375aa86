#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# kashim status and kashim apply run as root and look at processes of anyone. What a process names is read with its own
# rights; what does not answer is given up; nothing of a program is held; and no socket of another program is changed.
# shellcheck disable=SC2030,SC2031 # each test is a process of its own, and means its own

load ../lib/live
load ../lib/play
load ../lib/status

HOLD=$ROOT/build/tests/hold_strangely

# A program of an ordinary user that says it has the shim, with this configuration and one TCP socket. It can say what it
# wants: a file that is called libkashim.so is mapped in it.
start_pretender() {
	[ -e libkashim.so ] || cp "$SHIM" libkashim.so
	chmod 755 libkashim.so . "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" 2>/dev/null || :
	chmod go+rx "$BATS_RUN_TMPDIR"/* 2>/dev/null || :
	start_plain "${APART[@]}" env KASHIM_CONF="$1" LD_PRELOAD="$PWD/libkashim.so" KASHIM_LOG=none setpriv --reuid 65534 --regid 65534 \
		--clear-groups "$PLAY" 'a raw'
	wait_for is_played
}

# With mounts of its own, in front of what is started.
APART=()

# Over the directory of its configuration lies a file system that never answers.
mount_silent_for() {
	start_plain nsenter --mount --target "$1" "$HOLD" silent "$PWD/named"
	wait_for grep -qE 'ready|fuse' log
	wait_for grep -q " $PWD/named " "/proc/$1/mounts" || skip "no FUSE here: $(cat log)"
}

# Start it with a configuration that reads well, which then becomes something else.
start_with_conf() {
	needs_root
	needs setpriv
	needs_python
	mkdir -p named
	printf 'defaults: { idle = 44; };\n' >named/k.conf
	chmod 755 named
	chmod 644 named/k.conf
	start_pretender "$PWD/named/k.conf"
	kashim status --json "$PID" >status.json
	status_says a wanted_idle 44
}

note_is() {
	kashim status --json "$PID" >status.json 2>err || :
	"$PYTHON" -c 'import json, re, sys
notes = [row["note"] for row in json.load(open("status.json"))]
sys.exit(0 if any(re.search(sys.argv[1], note) for note in notes) else f"{notes} lack {sys.argv[1]}")' "$1"
}

@test "a configuration is read with the rights of the process that names it" {
	start_with_conf
	chmod 600 named/k.conf
	note_is '^in error: kashim check|with its rights'
	status_says a protected null
	status_says a wanted_idle null
	ends 1 "^kashim: $PID play: nothing was changed: in error: kashim check $PWD/named/k.conf" kashim apply "$PID"
	have a "$UNTOUCHED"
}

@test "a pipe among the drop-ins of a process is not opened" {
	start_with_conf
	mkdir named/k.conf.d
	mkfifo named/k.conf.d/10.conf
	chmod -R go+rwX named/k.conf.d
	# Whoever opens the other end, even without waiting, lets this go on.
	sh -c 'echo >named/k.conf.d/10.conf; : >opened' 3>&- &
	STARTED+=("$!")
	note_is '^in error: kashim check .*named/k.conf'
	kashim status >/dev/null 2>&1 || :
	[ ! -e opened ] || fail "it was opened"
	# The control: that is what an open does.
	"$PYTHON" -c 'import os, time; os.open("named/k.conf.d/10.conf", os.O_RDONLY | os.O_NONBLOCK); time.sleep(60)' 3>&- &
	STARTED+=("$!")
	wait_for test -e opened
}

@test "a link to a device among the drop-ins of a process is not opened" {
	start_with_conf
	needs strace
	mkdir named/k.conf.d
	ln -s /dev/ptmx named/k.conf.d/10.conf
	strace -f -qq -e trace=openat,open -o trace env KASHIM_CONF="$PWD/k.conf" "$COMMAND" status "$PID" >out
	grep -q 'named/k.conf.d/10.conf", [A-Z_|]*O_PATH' trace || fail "control: it was not looked at: $(grep named trace)"
	not grep -E 'named/k.conf.d/10.conf", [A-Z_|]*O_(RDONLY|RDWR|WRONLY)\b' <(grep -v O_PATH trace)
	grep -q 'in error: kashim check' out
}

@test "two thousand drop-ins of a megabyte each are given up, and others get their turn" {
	start_with_conf
	hostile=$PID
	mkdir named/k.conf.d
	"$PYTHON" -c '
import os
with open("named/large", "w") as file:
    file.write("rules = ( { idle = 7; } );\n" + "#" * 1000000 + "\n")
for number in range(2000):
    os.link("named/large", f"named/k.conf.d/{number}.conf")'
	chmod -R go+rX named
	before=$(date +%s%N)
	note_is 'too large|does not answer'
	echo "# $((($(date +%s%N) - before) / 1000000)) ms for one process with 2,000 drop-ins of 1 MB" >&3
	start_plain "$PLAY" 'b socket inet'
	wait_for has "$PID" close
	kashim apply "$PID" "$hostile" >out 2>err || :
	[ "$(timers_of "$PID")" = "$POLICY" ] || fail "$(cat out err)"
	[ "$(timers_of "$hostile")" = "$UNTOUCHED" ]
}

@test "a file system that does not answer is given up, and others get their turn" {
	needs nsenter
	APART=(unshare --mount)
	start_with_conf
	hostile=$PID
	mount_silent_for "$hostile"
	start_plain "$PLAY" 'b socket inet'
	innocent=$PID
	wait_for has "$innocent" close
	PID=$hostile
	before=$(date +%s%N)
	note_is 'does not answer'
	echo "# $((($(date +%s%N) - before) / 1000000)) ms for one process whose file system does not answer" >&3
	kashim apply "$hostile" "$innocent" >out 2>err || :
	[ "$(timers_of "$innocent")" = "$POLICY" ] || fail "$(cat out err)"
	grep -q "^kashim: $hostile play: nothing was changed: it does not answer in time" err || fail "$(cat err)"
}

# Each of a user's costs half as long as the one before: six come to 2 s, not to 6 s. What counts is for how long a wait in
# vain was asked for.
@test "many processes that do not answer cost a few seconds in all" {
	needs nsenter strace
	APART=(unshare --mount)
	start_with_conf
	hostile=$PID
	APART=(nsenter --mount --target "$hostile")
	for _ in $(seq 5); do
		start_pretender "$PWD/named/k.conf"
	done
	wait_for six_are_played
	mount_silent_for "$hostile"
	strace -qq -e trace=poll,ppoll -o trace env KASHIM_CONF="$PWD/k.conf" "$COMMAND" status play >out 2>err || :
	[ "$(grep -c 'does not answer' out)" -eq 6 ] || fail "$(cat out)"
	waits=$(sed -n 's/.*poll(.*, \([0-9]*\)) *= 0 (Timeout)$/\1/p' trace)
	[ "$(wc -l <<<"$waits")" -ge 6 ] || fail "control: it did not wait: $(cat trace)"
	[ "$(($(tr '\n' + <<<"$waits")0))" -lt 4000 ] || fail "waits in ms: $waits"
}

six_are_played() {
	[ "$(grep -cx ready log)" -eq 6 ]
}

@test "a socket that a stalled thread has locked is given up" {
	needs_root
	start_plain "$HOLD" locked
	wait_for is_held
	hostile=$PID
	kashim status "$hostile" >out 2>err || :
	grep -q 'does not answer' out || fail "$(cat out)"
	ends 1 'nothing was changed: it does not answer' kashim apply "$hostile"
}

is_held() {
	if grep -q Operation log || grep -q denied log; then
		skip "no userfaultfd here: $(cat log)"
	fi
	grep -qx ready log
}

@test "a process whose arguments lie in memory that never comes is judged all the same" {
	needs_root
	start_plain "$HOLD" arguments
	wait_for is_held
	kashim apply "$PID" >out
	all_are "$POLICY" "$PID"
}

@test "a process whose first thread has ended is seen and changed" {
	start_plain "$HOLD" leader
	wait_for is_held
	not test -e "/proc/$PID/exe" || fail "control: the first thread is there"
	kashim apply "$PID" >out 2>err || skip_without_thread_pidfd
	grep -q "^$PID hold_strangely 127.0.0.1:.*: keepalive off -> on" out || fail "$(cat out err)"
	kashim status "$PID" >out
	grep -qE 'listen +on +33s +11s' out || fail "$(cat out)"
}

@test "a thread with descriptors of its own is seen and changed" {
	start_plain "$HOLD" table
	wait_for is_held
	[ -z "$(sockets_of "$PID")" ] || fail "control: the process has the socket, too"
	kashim apply "$PID" >out 2>err || skip_without_thread_pidfd
	grep -q "^$PID hold_strangely 127.0.0.1:.*: keepalive off -> on" out || fail "$(cat out err)"
	kashim status "$PID" >out
	grep -qE 'listen +on +33s +11s' out || fail "$(cat out)"
}

skip_without_thread_pidfd() {
	grep -q 'Linux 6.9' out err && skip "the kernel has no pidfd for threads"
	fail "$(cat out err)"
}

# Which processes hold a socket that this one holds.
others_that_hold_of() {
	local inodes
	inodes=$(find "/proc/$1/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null)
	find /proc/[0-9]*/fd -lname 'socket:*' -printf '%l %h\n' 2>/dev/null | grep -F "$inodes" | grep -v "/proc/$1/fd"
}

is_blocked() {
	[ "$(cat "/proc/$1/wchan" 2>/dev/null)" = pipe_write ] || [ "$(cat "/proc/$1/wchan" 2>/dev/null)" = anon_pipe_write ]
}

@test "output that nobody reads holds no socket" {
	needs_root
	start_plain "$HOLD" many 2000
	wait_for is_held
	program=$PID
	mkfifo unread
	exec 8<>unread
	env KASHIM_CONF="$PWD/k.conf" "$COMMAND" status --json "$program" >unread 2>err 3>&- 8>&- &
	status=$!
	STARTED+=("$status")
	wait_for is_blocked "$status" || skip "what it waits for cannot be seen: $(cat "/proc/$status/wchan")"
	[ -z "$(others_that_hold_of "$program")" ] || fail "$(others_that_hold_of "$program")"
	# The control: a program that does hold one is seen.
	start_plain "$PLAY" 'a socket inet' 'exec' sh -c 'sleep 600 & exec sleep 600'
	wait_for has_child "$PID"
	[ -n "$(others_that_hold_of "$PID")" ]
	exec 8>&-
}

@test "a descriptor that changes its meaning never leads to the socket of another program" {
	needs_root
	needs_python
	printf 'rules = ( { program = "owner"; mode = "off"; } );\ndefaults: { idle = 33; interval = 11; count = 5; };\n' >k.conf
	cp "$PLAY" owner
	cp "$HOLD" swapper
	start_plain "$PWD/owner" 'a socket inet' 'exec' "$PWD/owner"
	wait_for has "$PID" close
	owner=$PID
	"$PYTHON" -c '
import ctypes, os, sys
pidfd = os.pidfd_open(int(sys.argv[1]))
libc = ctypes.CDLL(None)
for fd in range(3, 20):
    copy = libc.syscall(438, pidfd, fd, 0)
    if copy >= 0 and os.readlink(f"/proc/self/fd/{copy}").startswith("socket:"):
        os.dup2(copy, 0)
        os.execv(sys.argv[2], [sys.argv[2], "swap"])' "$owner" "$PWD/swapper" >log 2>&1 3>&- &
	PID=$!
	STARTED+=("$PID")
	wait_for is_held
	for _ in $(seq 40); do
		kashim apply "$PID" >>applied 2>&1 || :
	done
	[ "$(timers_of "$owner")" = "$UNTOUCHED" ] || fail "$(cat applied)"
	# The control: its own socket was changed, and once.
	[ "$(grep -c '^1 socket of 1 process changed' applied)" -eq 1 ] || fail "$(cat applied)"
}
