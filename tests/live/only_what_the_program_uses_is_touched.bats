#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Nothing is asked of a descriptor that the program does not use as a TCP socket, and a socket belongs to the program that
# made it, accepted it or was activated with it: one that inherits or receives it changes nothing.

load ../lib/live
load ../lib/play

# System calls of a program with descriptors that it inherited; those that name one of them, or all by poll and the like.
inheriting() {
	"$PYTHON" -c '
import os, socket, sys
kept = [socket.socket(), socket.socket(socket.AF_UNIX), open("/dev/null"), open("/proc/self/mountinfo")]
count = int(sys.argv[1])
for number in range(3, 3 + count):
	os.dup2(kept[number % len(kept)].fileno(), number)
os.execvp(sys.argv[2], sys.argv[2:])' "$@"
}

@test "a start asks nothing of 5,000 inherited descriptors" {
	needs strace
	needs_python
	needs descriptors:5100
	ulimit -n 5100
	inheriting 5000 strace -o with -E "KASHIM_CONF=$PWD/k.conf" -E "LD_PRELOAD=$SHIM" /bin/true
	inheriting 5000 strace -o without /bin/true
	not grep -E '^(poll|ppoll|select|pselect6|recvmsg|getdents64|getsockopt|setsockopt|getpeername)\(' with
	# The files that the loader and the library open have numbers behind those that were inherited.
	sed -n 's/^[a-z0-9_]*(\([0-9]*\)[,)].*/\1/p' with | sort -n | uniq >numbers
	awk '$1 > 2 && $1 < 5003' numbers >named
	[ ! -s named ] || fail "$(grep -E "^[a-z0-9_]*\($(head -n 1 named)[,)]" with)"
	grep -q 'libkashim.so' with || fail "control: the library was not loaded"
	not grep -q 'libkashim.so' without
}

@test "only TCP sockets among standard input, output and error are asked about TCP" {
	needs strace
	needs_python
	"$PYTHON" -c '
import os, socket, sys
one, two = socket.socketpair()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
os.dup2(one.fileno(), 0)
os.dup2(udp.fileno(), 1)
os.execvp("strace", ["strace", "-o", "with", "-E", "LD_PRELOAD=" + sys.argv[1], "/bin/true"])' "$SHIM"
	grep -q libkashim with || fail "control: the library was not loaded"
	not grep -E '^(setsockopt|getpeername|poll|read|recv)[a-z]*\([012],' with
	not grep -E '^getsockopt\([02],' with
	[ "$(grep -c '^getsockopt(1,' with)" = 1 ] || fail "$(cat with)"
	grep -q '^getsockopt(1, SOL_SOCKET, SO_PROTOCOL' with
}

# A file system that does not answer, and a file whose readers take an event from others: see the calls.
@test "no file system is asked about an inherited file" {
	needs strace
	for file in /proc/self/mountinfo /dev/null "$PWD/k.conf"; do
		strace -o with -E "KASHIM_CONF=$PWD/k.conf" -E "LD_PRELOAD=$SHIM" /bin/true <"$file"
		grep -q '^lseek(0, 0, SEEK_CUR)' with || fail "control: $(cat with)"
		not grep -E '^(poll|fstat|newfstatat|statx|ioctl|fcntl|getsockname)[a-z0-9]*\(0,' with
	done
}

# A connection of a program that has a rule of its own, after a program without one was started by it.
parent_keeps() {
	local mode=$1 expected=$2 number
	for number in 9 0; do
		policy <<-END
			defaults: { idle = 33; interval = 11; count = 5; };
			rules = ( { program = "play"; mode = "$mode"; idle = 140; interval = 30; } );
		END
		take_port
		play 'l raw' "l bind 127.0.0.1 $PORT" 'l listen' 'a socket inet' "a connect 127.0.0.1 $PORT" \
			"b dup a $number" 'c run true' 'c run /bin/cat</dev/null' 'c run env'
		have a "$expected"
	done
}

@test "a child changes nothing of its parent's connection, whatever the parent's mode" {
	parent_keeps tighten 1/140/30/5
	parent_keeps force 1/140/30/5
	parent_keeps suggest 1/140/30/5
	parent_keeps off "$UNTOUCHED"
}

@test "under suggest, a child leaves what its parent switched off" {
	policy <<-'END'
		defaults: { mode = "suggest"; idle = 33; interval = 11; count = 5; };
	END
	take_port
	play 'l raw' "l bind 127.0.0.1 $PORT" 'l listen' 'a socket inet' 'a set SO_KEEPALIVE 0' 'a set TCP_KEEPIDLE 7200' \
		"a connect 127.0.0.1 $PORT" 'b dup a 0' 'c run true'
	have a 0/7200/11/5
}

# Activated, as inetd(8) does: the parent has the connection elsewhere.
activated() {
	: >log
	start_plain "$PYTHON" -c '
import os, socket, subprocess, sys, time
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
connection = listener.accept()[0]
child = subprocess.Popen(sys.argv[1:], stdin=connection, stdout=connection)
print("ready", flush=True)
child.wait()' "${WITH[@]}" /bin/cat
	wait_for is_played || fail "$(cat log)"
	wait_for has_child "$PID"
}

@test "a program that is activated with a connection puts its policy on it" {
	needs_python
	activated
	wait_for grep -q ' idle=33 ' <(sockets_of "$PID" established)
	unwrap
	end_scene
	activated
	[ "$(timers_of "$PID" established | sort -u)" = "$UNTOUCHED" ] || fail "control: $(sockets_of "$PID")"
}

passed() {
	end_scene
	: >log
	start_plain "$PYTHON" -c '
import os, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
other = socket.create_server(("127.0.0.1", 0))
kept = [os.dup(listener.fileno()), os.dup(other.fileno())]
listener.close()
other.close()
os.dup2(os.dup2(kept[0], 20), 3)
os.dup2(os.dup2(kept[1], 21), 4)
os.closerange(5, 30)
os.environ.update(LISTEN_FDS=sys.argv[2], LISTEN_PID=str(os.getpid() + int(sys.argv[3])))
os.execvp(sys.argv[4], sys.argv[4:])' "$PORT" "$1" "$2" "${WITH[@]}" sleep 60
	wait_for runs_sleep "$PID"
	timers_of "$PID" listen | tr '\n' ' ' >passed
}

runs_sleep() {
	[ "$(cat "/proc/$1/comm")" = sleep ] && [ "$(timers_of "$1" listen | wc -l)" = 2 ]
}

@test "LISTEN_FDS counts where LISTEN_PID is this process, as far as descriptors go" {
	needs_python
	take_port
	passed 1 0
	[ "$(cat passed)" = "$POLICY $UNTOUCHED " ] || fail "$(cat passed)"
	passed 2000000000 0
	[ "$(cat passed)" = "$POLICY $POLICY " ] || fail "$(cat passed)"
	passed 2 1
	[ "$(cat passed)" = "$UNTOUCHED $UNTOUCHED " ] || fail "another process: $(cat passed)"
	passed -1 0
	[ "$(cat passed)" = "$UNTOUCHED $UNTOUCHED " ] || fail "-1: $(cat passed)"
	unwrap
	passed 2 0
	[ "$(cat passed)" = "$UNTOUCHED $UNTOUCHED " ] || fail "control: $(cat passed)"
}

# A filter that kills for questions about sockets, and descriptors that come and go.
@test "a confined program that receives descriptors runs" {
	needs seccomp
	play 'a socket pair' 'a confine kill 54,55,51,52' 'b received a' 'c received b'
	grep -x 'b received a: [0-9]* 0' log
	cp log with
	play_without
	diff <(sed 's/received.*/received/' with) <(sed 's/received.*/received/' log)
}

# One process, and what it becomes; not what it starts.
@test "run --only is for one process" {
	needs_python
	local program='
import os, socket, sys, time
kept = socket.socket()
if len(sys.argv) > 1:
	print(kept.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE), flush=True)
	os._exit(0)
if os.fork() == 0:
	os.execv(sys.executable, [sys.executable, sys.argv[0], "child"])
os.wait()
print("own", kept.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE), flush=True)'
	printf '%s\n' "$program" >program.py
	env "KASHIM_CONF=$PWD/k.conf" "$ROOT/build/kashim" run --only sh -c 'exec "$@"' sh "$PYTHON" program.py >only
	[ "$(tr '\n' ' ' <only)" = "7200 own 33 " ] || fail "$(cat only)"
	env "KASHIM_CONF=$PWD/k.conf" "$ROOT/build/kashim" run sh -c 'exec "$@"' sh "$PYTHON" program.py >all
	[ "$(tr '\n' ' ' <all)" = "33 own 33 " ] || fail "control: $(cat all)"
}
