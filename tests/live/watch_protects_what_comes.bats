#!/usr/bin/env bats
# bats file_tags=alone
# SPDX-License-Identifier: MIT
# kashim watch puts the policy on every TCP socket of the host that a rule means, also of programs that no library reaches and
# in other network namespaces, and on each new one in the next sweep. It looks for nothing where nothing has changed.
# shellcheck disable=SC2030,SC2031,SC2153 # each test is a process of its own, and means its own

load ../lib/live
load ../lib/play
load ../lib/status

# All programs of the host are in its reach, so here it has rules for those of the test alone.
our_policy() {
	printf 'defaults: { mode = "off"; };\nrules = ( { program = "%s/*"; mode = "tighten"; %s } );\n' "$PWD" "$1" >watch.conf
}

start_watch() {
	needs_root
	"${AS[@]}" "$COMMAND" watch --conf watch.conf --every 1s --metrics metrics.prom >watch.log 2>&1 3>&- &
	WATCH=$!
	STARTED+=("$WATCH")
	wait_for test -e metrics.prom || fail "$(cat watch.log)"
}

# In front of the command.
AS=()

value_of() {
	sed -n "s/^$1 //p" metrics.prom
}

sweeps_are_more_than() {
	[ "$(value_of kashim_sweeps_total)" -gt "$1" ]
}

# Until it has seen everything that is there now.
two_sweeps() {
	wait_for sweeps_are_more_than $(($(value_of kashim_sweeps_total) + 1))
}

play_here() {
	[ -e here ] || cp "${1:-$PLAY}" here
	unwrap
	take_port
	rm -f log
	start "$PWD/here" 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c connect 127.0.0.1 $PORT" 'b accept a'
	wait_for is_played
}

POLICY_HERE='idle = 33; interval = 11; count = 5;'

@test "watch reaches what is open and what comes in another network namespace" {
	our_policy "$POLICY_HERE"
	play_here
	have a "$UNTOUCHED" b "$UNTOUCHED" c "$UNTOUCHED"
	start_watch
	wait_for all_are "$POLICY" "$PID"
	grep -q "^$PID here: 3 sockets changed$" watch.log
	# What it accepts from now on has it by itself; what connects gets it.
	first=$PID
	start_plain "$PWD/here" 'c socket inet' "c connect 127.0.0.1 $PORT"
	wait_for has "$PID" established
	wait_for all_are "$POLICY" "$PID"
	wait_for all_are "$POLICY" "$first"
}

@test "watch reaches static programs" {
	our_policy "$POLICY_HERE"
	build_static
	start_watch
	play_here static
	wait_for all_are "$POLICY" "$PID"
}

@test "watch reaches Go programs, and of each time the smaller stays" {
	our_policy "$POLICY_HERE"
	needs_go
	CGO_ENABLED=0 go build -o here program.go 2>go.log || skip "go cannot build: $(head -n 1 go.log)"
	start_watch
	unwrap
	take_port
	start_plain "$PWD/here" "127.0.0.1:$PORT"
	wait_for has "$PID" listen established
	wait_for established_are 1/15/11/5
}

established_are() {
	[ "$(timers_of "$PID" established | sort -u)" = "$1" ]
}

@test "watch leaves programs alone that no rule means" {
	our_policy "$POLICY_HERE"
	start_watch
	play_here
	here=$PID
	start_plain "$PLAY" 'd socket inet' "d connect 127.0.0.1 $PORT"
	other=$PID
	wait_for has "$other" established
	wait_for all_are "$POLICY" "$here"
	two_sweeps
	[ "$(timers_of "$other")" = "$UNTOUCHED" ]
}

@test "watch gives a connection its timer again that it has lost" {
	needs_python
	our_policy "$POLICY_HERE"
	start_watch
	cp "$PYTHON" here
	unwrap
	start "$PWD/here" -c '
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
print("ready", flush=True)
while sys.stdin.readline():
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0)
    print("off", client.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), flush=True)'
	wait_for is_played
	wait_for established_are "$POLICY"
	for i in 1 2; do
		echo >quiet
		wait_for lines_are off "$i"
		wait_for established_are "$POLICY"
	done
}

lines_are() {
	[ "$(grep -c "$1" log)" -eq "$2" ]
}

@test "watch searches nothing where nothing has changed" {
	needs strace
	our_policy "$POLICY_HERE"
	play_here
	start_watch
	wait_for all_are "$POLICY" "$PID"
	two_sweeps
	strace -f -qq -o trace -e trace=readlinkat,clone,clone3,fork,vfork,getdents64,sendto -p "$WATCH" 3>&- &
	tracer=$!
	STARTED+=("$tracer")
	# Other tests open sockets of their own meanwhile: a sweep is what lies between two requests in this trace.
	wait_for has_quiet_sweep || fail "$(cut -c 1-100 trace | sort | uniq -c | sort -rn | head -n 20)"
	# The control: a new connection is searched for.
	start_plain "$PWD/here" 'c socket inet' "c connect 127.0.0.1 $PORT"
	wait_for has "$PID" established
	wait_for all_are "$POLICY" "$PID"
	wait_for grep -q readlinkat trace
}

# Sweeps list /proc once; one that searches lists it, and each process, again, and starts a child.
has_quiet_sweep() {
	"$PYTHON3" - trace <<-'END'
		import re, sys
		sweeps = re.split(r"getdents64\(", open(sys.argv[1]).read())
		# A whole sweep: the end of the listing of /proc, then no search before the next one begins.
		ends = [number for number, part in enumerate(sweeps) if re.search(r"= 0$", part.split("\n")[0])]
		quiet = sum(1 for first, second in zip(ends, ends[1:])
		            if not re.search("readlinkat|clone|fork", "".join(sweeps[first:second])))
		sys.exit(0 if quiet >= 1 else 1)
	END
}
PYTHON3=$(type -p python3)

@test "watch reads the policy again on SIGHUP, and keeps the old one for one in error" {
	our_policy "$POLICY_HERE"
	play_here
	start_watch
	wait_for all_are "$POLICY" "$PID"
	our_policy 'idle = 22; interval = 11; count = 5;'
	kill -HUP "$WATCH"
	wait_for all_are 1/22/11/5 "$PID"
	our_policy 'idel = 5;'
	kill -HUP "$WATCH"
	wait_for grep -q 'the policy stays as it was' watch.log
	grep -q 'watch.conf:2: idel: no such setting' watch.log
	start_plain "$PWD/here" 'c socket inet' "c connect 127.0.0.1 $PORT"
	wait_for has "$PID" established
	wait_for all_are 1/22/11/5 "$PID"
}

@test "watch ends on SIGTERM, with status 0" {
	our_policy "$POLICY_HERE"
	start_watch
	kill "$WATCH"
	status=0
	wait "$WATCH" || status=$?
	[ "$status" -eq 0 ]
}

@test "watch is not held up by a process that does not answer" {
	our_policy "$POLICY_HERE"
	cp "$ROOT/build/tests/hold_strangely" strange
	start_watch
	start_plain "$PWD/strange" locked
	hostile=$PID
	if ! wait_for grep -qx ready log; then
		skip "no userfaultfd here: $(cat log)"
	fi
	wait_for grep -q "^$hostile strange: .*it does not answer in time" watch.log || fail "$(cat watch.log)"
	rm -f log
	start_plain "$PWD/strange" many 3
	wait_for grep -qx ready log
	wait_for all_are "$POLICY" "$PID"
}

@test "watch is not held up by output that nobody reads" {
	our_policy "$POLICY_HERE"
	needs_root
	mkfifo unread
	exec 8<>unread
	"$PYTHON3" -c 'import fcntl, os
fcntl.fcntl(8, fcntl.F_SETFL, os.O_NONBLOCK)
try:
    while True:
        os.write(8, b"x" * 4096)
except BlockingIOError:
    fcntl.fcntl(8, fcntl.F_SETFL, 0)'
	"$COMMAND" watch --conf watch.conf --every 1s --metrics metrics.prom >unread 2>watch.log 3>&- 8>&- &
	STARTED+=("$!")
	wait_for test -e metrics.prom
	play_here
	wait_for all_are "$POLICY" "$PID"
	exec 8>&-
}

@test "watch needs the capabilities of its unit, and no others" {
	needs setpriv
	our_policy "$POLICY_HERE"
	capabilities=$(sed -n 's/^CapabilityBoundingSet=//p' "$ROOT/scripts/host/kashim-watch.service" | tr '[:upper:]' '[:lower:]')
	[ -n "$capabilities" ] || fail "the unit names none"
	set=-all
	for capability in $capabilities; do
		set=$set,+${capability#cap_}
	done
	AS=(setpriv --bounding-set "$set" --no-new-privs)
	start_watch
	# A program of an ordinary user, in a network namespace of its own.
	cp "$PLAY" here
	chmod 711 "$BATS_TEST_TMPDIR"
	start_plain setpriv --reuid 65534 --clear-groups "$PWD/here" 'a socket inet' 'a bind 127.0.0.1 0' 'a listen'
	wait_for has "$PID" listen
	wait_for all_are "$POLICY" "$PID"
	# The control: without the first of them it cannot.
	end "$WATCH"
	rm -f metrics.prom
	AS=(setpriv --bounding-set "${set/,+sys_ptrace/}" --no-new-privs)
	start_watch
	start_plain setpriv --reuid 65534 --clear-groups "$PWD/here" 'a socket inet' 'a bind 127.0.0.1 0' 'a listen'
	wait_for has "$PID" listen
	two_sweeps
	[ "$(timers_of "$PID")" = "$UNTOUCHED" ]
}

@test "watch refuses wrong usage and a configuration in error" {
	our_policy "$POLICY_HERE"
	ends 2 'every: 0 is not within 1..32767 seconds' "$COMMAND" watch --conf watch.conf --every 0
	ends 2 '^usage: kashim watch' "$COMMAND" watch --conf watch.conf now
	echo 'idel = 5;' >watch.conf
	ends 1 'no such setting' "$COMMAND" watch --conf watch.conf
}
