#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# TCP sockets that a program did not make by itself carry the policy once the program uses them: with which it was
# activated, listeners that it inherited or received, made behind libc's back. What hands them over is not under the shim.

load ../lib/live
load ../lib/callers

needs_helpers() {
	needs_python
	[ -x "$MAKE_SOCKETS" ] || fail "build first: make build/tests/make_sockets"
}

# Clients that were connected by the kernel, whether or not somebody accepts them.
connect_clients() {
	local before=$1 count=$2
	start_plain "$PYTHON" -c '
import socket, sys, time
kept = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for i in range(int(sys.argv[2]))]
time.sleep(60)' "$PORT" "$count"
	wait_for are_connected "$((before + count))"
}

are_connected() {
	[ "$(in_scene ss -Htn state established "dport = :$PORT" | wc -l)" = "$1" ]
}

# python3 opens what its first argument says, puts it at the numbers that follow and, when told to, becomes a
# command.
OPEN_AND_BECOME='
import os, sys
from socket import *
def set_elsewhere(source):
	source.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 500)
	source.setsockopt(IPPROTO_TCP, TCP_KEEPCNT, 4)
	return source
port = int(sys.argv[1])
numbers = sys.argv[3].split(",")
sources = eval(sys.argv[2])
for number, source in zip(numbers, sources):
	os.dup2(source.fileno(), int(number))
	os.set_inheritable(int(number), True)
open("go").read()
os.execvp(sys.argv[4], sys.argv[4:])
'

# Put in front of the command, outside of the shim.
BEFORE=()

# Start a command, under the shim or not, with these descriptors at these numbers; it is a command only after
# become.
prepare() {
	local sources=$1 numbers=$2
	shift 2
	rm -f go
	mkfifo go
	start_plain "$PYTHON" -c "$OPEN_AND_BECOME" "$PORT" "$sources" "$numbers" "${BEFORE[@]}" "${WITH[@]}" "$@"
}

become() {
	echo >go
}

LISTENER='[create_server(("127.0.0.1", port))]'
# Accepts from a descriptor that it has, as often as it is told to.
SERVE='
import sys, time
from socket import *
listener = socket(fileno=int(sys.argv[1]))
kept = [listener.accept() for i in range(int(sys.argv[2]))]
time.sleep(60)'

inherited_at() {
	local number=$1 server
	shift
	BEFORE=("$@")
	prepare "$LISTENER" "$number" "$PYTHON" -c "$SERVE" "$number" 2
	server=$PID
	wait_for listens
	become
	connect_clients 0 2
	expect 3 "$server"
}

inherited() {
	needs_helpers
	under_the_shim_and_without inherited_at "$@"
}

@test "a listener that is inherited as descriptor 3 is adopted" {
	inherited 3
}

@test "a listener that is inherited as descriptor 0 is adopted" {
	inherited 0
}

@test "a listener that is inherited as descriptor 5000 is adopted" {
	needs descriptors:6000
	inherited 5000
}

activated() {
	local server variable variables=()
	for variable in "${WITH[@]:1}"; do
		variables+=(-E "$variable")
	done
	start_plain systemd-socket-activate -l "127.0.0.1:$PORT" "${variables[@]}" "$PYTHON" -c "$SERVE" 3 3
	server=$PID
	wait_for listens
	# It waits for the first, which is in the queue when the program starts.
	connect_clients 0 3
	expect 4 "$server"
}

@test "a listener from LISTEN_FDS of systemd is adopted with the connection that woke it" {
	needs systemd-socket-activate
	needs_helpers
	under_the_shim_and_without activated
}

queued() {
	local server protocol=$1
	prepare "[(lambda s: (s.bind(('127.0.0.1', port)), s.listen(), s)[2])(socket(AF_INET, SOCK_STREAM, $protocol))]" \
		3 "$PYTHON" -c "$SERVE" 3 8
	server=$PID
	wait_for listens
	connect_clients 0 5
	become
	expect 6 "$server"
	connect_clients 5 3
	expect 9 "$server"
}

@test "connections that waited before the program started are adopted, and later ones" {
	needs_helpers
	under_the_shim_and_without queued 0
}

@test "MPTCP connections that waited in the queue are adopted" {
	needs_helpers
	needs_mptcp
	under_the_shim_and_without queued 262
}

queued_and_forked() {
	local server child
	prepare "$LISTENER" 3 "$PYTHON" -c '
import os, time
from socket import *
listener = socket(fileno=3)
child = os.fork()
kept = [listener.accept() for i in range(2)]
time.sleep(60)'
	server=$PID
	wait_for listens
	connect_clients 0 4
	become
	wait_for has_child "$server"
	child=$(children_of "$server")
	wait_for holds_all 6 "$server" "$child"
	expect "$(timers_of "$server" | wc -l)" "$server"
	expect "$(timers_of "$child" | wc -l)" "$child"
}

holds_all() {
	[ "$({ timers_of "$2" && timers_of "$3"; } 2>/dev/null | wc -l)" = "$1" ]
}

@test "connections that waited in the queue are adopted when two processes accept them" {
	needs_helpers
	under_the_shim_and_without queued_and_forked
}

queued_and_duplicated() {
	local server
	prepare "$LISTENER" 3 "$PYTHON" -c '
import os, time
from socket import *
listener = socket(fileno='"$1"')
os.close(3)
kept = [listener.accept() for i in range(2)]
time.sleep(60)'
	server=$PID
	wait_for listens
	connect_clients 0 2
	become
	expect 3 "$server"
}

@test "connections that waited are adopted when a duplicate of the listener accepts them" {
	needs_helpers
	under_the_shim_and_without queued_and_duplicated 'os.dup(3)'
}

@test "connections that waited are adopted when a duplicate of chosen number accepts them" {
	needs_helpers
	under_the_shim_and_without queued_and_duplicated 'os.dup2(3, 30)'
}

# A legacy handler of a connection at 0, 1 and 2, started by a super-server that is not wrapped.
by_inetd() {
	local inetd
	echo "127.0.0.1:$PORT stream tcp nowait root $(command -v env) env ${WITH[*]:1} /bin/cat" >inetd.conf
	# It leaves its number in /run.
	start_plain unshare --mount sh -c 'mount -t tmpfs none /run && exec inetd -E -i inetd.conf'
	inetd=$PID
	wait_for listens
	connect_clients 0 1
	wait_for has_child "$inetd"
	expect 3 "$(children_of "$inetd")"
	[ "$(timers_of "$inetd" listen)" = "$UNTOUCHED" ] || fail "control: $(sockets_of "$inetd")"
}

@test "the connection of a handler of inetd's is adopted" {
	needs inetd
	needs_root
	needs_helpers
	unshare --mount mount -t tmpfs none /run || skip "no mount namespaces"
	under_the_shim_and_without by_inetd
}

by_socat() {
	local socat
	start_plain socat "TCP4-LISTEN:$PORT,reuseaddr,fork" "EXEC:env ${WITH[*]:1} /bin/cat,nofork"
	socat=$PID
	wait_for listens
	connect_clients 0 1
	wait_for has_child "$socat"
	expect 2 "$(children_of "$socat")"
}

@test "the connection of a handler of socat's is adopted" {
	needs socat
	needs_helpers
	under_the_shim_and_without by_socat
}

# Connects to PATH, sends a listener with a connection in its queue, and stays.
SEND='
import os, sys, time
from socket import *
listener = create_server(("127.0.0.1", int(sys.argv[2])))
client = create_connection(listener.getsockname())
broker = socket(AF_UNIX)
broker.connect(sys.argv[1])
send_fds(broker, [b"x"], [listener.fileno()])
time.sleep(60)'

RECEIVE_BY_PYTHON='
import sys, time
from socket import *
broker = create_server(sys.argv[1], family=AF_UNIX)
word, numbers, flags, address = recv_fds(broker.accept()[0], 1, 8)
listener = socket(fileno=numbers[0])
connection = listener.accept()
print("ready", file=sys.stderr)
time.sleep(60)'

received() {
	local receiver
	: >log
	rm -f door
	start "$PYTHON" -c "$RECEIVE_BY_PYTHON" door
	receiver=$PID
	wait_for is_open "$receiver"
	start_plain "$PYTHON" -c "$SEND" door "$PORT"
	log_says ready
	# The listener, and the connection that was in its queue.
	expect 2 "$receiver"
}

is_open() {
	in_scene ss -Hlx | grep -q ' door '
}

@test "a listener that came in a message is adopted at accept" {
	needs_helpers
	under_the_shim_and_without received
}

# A client, a listener and an accepted connection of raw system calls, except for one call, which is the first that
# libc sees: the sockets in this state have been brought in by it.
raw() {
	local call=$1 state=$2 count=$3 timers=$UNTOUCHED
	: >log
	start "$MAKE_SOCKETS" raw "$call"
	log_says ready
	[ "$(timers_of "$PID" | wc -l)" = 3 ] || fail "$(sockets_of "$PID")"
	[ ${#WITH[@]} -eq 0 ] || timers=$POLICY
	[ "$(timers_of "$PID" "$state" | grep -cx "$timers")" -ge "$count" ] ||
		fail "not $count of $timers: $(sockets_of "$PID")"
	[ ${#WITH[@]} -ne 0 ] || all_are "$UNTOUCHED" "$PID" || fail "control: $(sockets_of "$PID")"
}

# What nobody has shown to libc is out of reach.
@test "a socket that libc did not make is adopted at connect" {
	needs_helpers
	under_the_shim_and_without raw connect established 1
	under_the_shim raw connect established 1
	[ "$(timers_of "$PID" listen)" = "$UNTOUCHED" ] || fail "control: $(sockets_of "$PID")"
}

# The connection has it from its listener.
@test "a socket that libc did not make is adopted at listen" {
	needs_helpers
	under_the_shim_and_without raw listen listen 1
	under_the_shim_and_without raw listen established 1
}

@test "a listener that libc did not make is adopted at accept" {
	needs_helpers
	under_the_shim_and_without raw accept listen 1
	under_the_shim_and_without raw accept established 1
}

@test "a listener that libc did not make is adopted at accept4" {
	needs_helpers
	under_the_shim_and_without raw accept4 listen 1
	under_the_shim_and_without raw accept4 established 1
}

# The listener and what was accepted from it; the clients are out of reach.
made_late() {
	local timers=$UNTOUCHED
	call late
	[ ${#WITH[@]} -eq 0 ] || timers=$POLICY
	[ "$(timers_of "$PID" | grep -cx "$timers")" -ge 3 ] || fail "not 3 of $timers: $(sockets_of "$PID")"
	[ ${#WITH[@]} -ne 0 ] || all_are "$UNTOUCHED" "$PID" || fail "control: $(sockets_of "$PID")"
}

@test "a connection that the kernel was making when its listener got the policy is adopted" {
	needs_helpers
	under_the_shim_and_without made_late
}

needs_mptcp() {
	needs mptcp
}

mptcp_server() {
	start "$PYTHON" -c '
import sys, time
from socket import *
listener = socket(AF_INET, SOCK_STREAM, 262)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
kept = [listener.accept() for i in range(2)]
time.sleep(60)' "$PORT"
	local server=$PID
	wait_for listens
	connect_clients 0 2
	wait_for holds 3 "$server"
	PID=$server
}

has_user_timeout() {
	[ "$(sockets_of "$1" established | grep -c " protocol=tcp .* user_timeout=$2 ")" = 2 ]
}

@test "a TCP client of an MPTCP listener gets the user timeout that the kernel does not pass on" {
	needs_helpers
	needs_mptcp
	printf 'defaults: { idle = 33; interval = 11; count = 5; user_timeout = 44000; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	under_the_shim mptcp_server
	wait_for has_user_timeout "$PID" 44000 || fail "$(sockets_of "$PID")"
	expect 3 "$PID"
	end_scene
	without_the_shim mptcp_server
	has_user_timeout "$PID" 0 || fail "control: $(sockets_of "$PID")"
	expect 3 "$PID"
}

suggested() {
	local server
	prepare "[create_server(('127.0.0.1', port)), set_elsewhere(create_server(('127.0.0.1', 0)))]" 3,4 \
		"$PYTHON" -c "$SERVE" 3 1
	server=$PID
	wait_for listens
	connect_clients 0 1
	become
	wait_for holds 3 "$server"
}

@test "an adopted socket keeps in mode suggest what another program has set" {
	needs_helpers
	printf 'defaults: { mode = "suggest"; idle = 33; interval = 11; count = 5; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	under_the_shim suggested
	wait_for have_timers "$POLICY $POLICY 0/500/75/4" || fail "$(sockets_of "$PID")"
	end_scene
	without_the_shim suggested
	wait_for have_timers "$UNTOUCHED 0/500/75/4 $UNTOUCHED" || fail "control: $(sockets_of "$PID")"
}

# The sockets of the program that listens, in any order.
have_timers() {
	local pid
	pid=$(in_scene ss -Hltnp "sport = :$PORT" | sed 's/.*pid=\([0-9]*\).*/\1/')
	[ "$(timers_of "$pid" | sort | tr '\n' ' ')" = "$(tr ' ' '\n' <<<"$1" | sort | tr '\n' ' ')" ]
}

runs_cat() {
	[ "$(readlink -f "/proc/$1/exe")" = "$(readlink -f /bin/cat)" ]
}

# Files, pipes, terminals and sockets of other kinds.
others() {
	local program last='AF_INET6, SOCK_DGRAM'
	[ -z "$(lack_of ipv6)" ] || last='AF_INET, SOCK_DGRAM'
	touch file
	prepare '[open("file", "r+"), open("quiet", "r+b", buffering=0), socket(AF_INET, SOCK_DGRAM),
		socket(AF_UNIX), socketpair()[0], socket('"$last"'), create_server(("127.0.0.1", port))]' \
		20,21,22,23,24,25,26 /bin/cat
	program=$PID
	wait_for listens
	# Flags and position of each.
	tail -n +1 "/proc/$program/fdinfo/2"[0-5] >before
	"$SOCKOPTS" --others "$program" | grep ' keepalive=0$' | grep '^fd=2[0-9] ' >sockets_before
	[ "$(wc -l <sockets_before)" = 4 ]
	become
	wait_for runs_cat "$program"
	tail -n +1 "/proc/$program/fdinfo/2"[0-5] >after
	diff before after
	"$SOCKOPTS" --others "$program" | grep '^fd=2[0-9] ' | diff sockets_before -
}

@test "inherited descriptors of other kinds stay as they are" {
	needs_helpers
	under_the_shim_and_without others
}

# All requests, one connection each, until it is told to stop; then how many, and how many of them failed.
LOAD='
import os, sys, threading, time, urllib.request
url = "http://127.0.0.1:%s/" % sys.argv[1]
counts = { "good": 0, "bad": 0 }
lock = threading.Lock()
def ask():
	while not os.path.exists("enough"):
		try:
			good = urllib.request.urlopen(url, timeout=60).read() == b"hello"
		except OSError as error:
			print(error)
			good = False
		counts["good" if good else "bad"] += 1
		with lock:
			open("count.new", "w").write(str(counts["good"]))
			os.replace("count.new", "count")
		time.sleep(0.005)
threads = [threading.Thread(target=ask) for i in range(2)]
for thread in threads:
	thread.start()
for thread in threads:
	thread.join()
print(counts["bad"], "of", "some" if counts["good"] > 50 else "few", "failed", flush=True)'

has_served() {
	[ "$(cat count 2>/dev/null || :)" -gt "$1" ] 2>/dev/null
}

serve_more() {
	local count
	count=$(cat count)
	wait_for has_served "$((count + 20))"
}

workers_of() {
	local pid
	children_of "$1" | while read -r pid; do
		! grep -q '^nginx: worker' "/proc/$pid/cmdline" || echo "$pid"
	done
}

has_two_workers() {
	[ "$(workers_of "$1" | wc -l)" = 2 ]
}

compile_idle() {
	printf 'defaults: { idle = %s; interval = 11; count = 5; };\n' "$1" >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
}

upgraded() {
	local old new worker load timers=$POLICY new_timers=1/22/11/5
	[ ${#WITH[@]} -ne 0 ] || timers=$UNTOUCHED new_timers=$UNTOUCHED
	rm -f enough count nginx.pid
	: >log
	compile_idle 33
	cat >nginx.conf <<-END
		worker_processes 2; pid $PWD/nginx.pid; error_log $PWD/error.log;
		env LD_PRELOAD; env KASHIM_CONF;
		events { worker_connections 64; }
		http {
			access_log off; keepalive_timeout 60;
			client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
			uwsgi_temp_path uwsgi; scgi_temp_path scgi;
			server { listen 127.0.0.1:$PORT; location / { return 200 hello; } }
		}
	END
	# One that does not leave its parent refuses to be upgraded.
	start "$(command -v nginx)" -p "$PWD" -c "$PWD/nginx.conf"
	wait_for test -s nginx.pid
	old=$(cat nginx.pid)
	STARTED+=("$old")
	wait_for has_two_workers "$old"
	expect 1 "$old"
	start_plain "$PYTHON" -c "$LOAD" "$PORT"
	load=$PID
	wait_for has_served 20
	# The new program has another policy, which shows that it adopts and does not merely inherit.
	compile_idle 22
	kill -USR2 "$old"
	wait_for new_master_is_there "$old" || fail "$(cat error.log)"
	new=$(cat nginx.pid)
	STARTED+=("$new")
	wait_for has_two_workers "$new"
	serve_more
	kill -QUIT "$old"
	wait_for is_gone "$old"
	serve_more
	expect 1 "$new" "$new_timers"
	start_plain "$PYTHON" -c '
import socket, sys, time
kept = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
kept.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
time.sleep(60)' "$PORT"
	touch enough
	wait_for is_gone "$load"
	grep -qx '0 of some failed' log || fail "$(cat log)"
	wait_for one_connection "$new"
	for worker in $(workers_of "$new"); do
		wait_for all_are "$new_timers" "$worker" || fail "$(sockets_of "$worker")"
	done
	end_now "$new"
}

new_master_is_there() {
	[ -s nginx.pid ] && [ -s nginx.pid.oldbin ] && [ "$(cat nginx.pid)" != "$1" ]
}

one_connection() {
	[ "$(for worker in $(workers_of "$1"); do timers_of "$worker" established; done | wc -l)" = 1 ]
}

# Nobody's child, so nobody waits for it.
end_now() {
	end "$1"
	wait_for is_gone "$1"
}

@test "nginx is upgraded under load without a failed request, and its sockets are adopted" {
	needs nginx
	needs_helpers
	under_the_shim_and_without upgraded
}
