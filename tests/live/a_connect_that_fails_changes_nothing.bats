#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# connect(2) that fails leaves the socket as it was, also where rules look at connections; one that goes on in the background
# counts as made.

load ../lib/live
load ../lib/play

rules() {
	take_port
	policy <<-END
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = ( { remote_port = $PORT; idle = 101; }, { remote_port = 9; idle = 102; user_timeout = 44000; syn_count = 2; } );
	END
}

@test "an address that is refused, cannot be read or is too short" {
	rules
	play 'a socket inet' 'a connect 127.0.0.1 9' 'b socket inet' 'b connect nowhere' 'c socket inet' 'c connect 127.0.0.1 9 3'
	grep -x 'a connect 127.0.0.1 9: -1 ECONNREFUSED' log
	grep -x 'b connect nowhere: -1 EFAULT' log
	grep -x 'c connect 127.0.0.1 9 3: -1 EINVAL' log
	have a 1/100/11/5 b 1/100/11/5 c 1/100/11/5
	has_option a TCP_USER_TIMEOUT 0
	has_option a TCP_SYNCNT 6
	untouched_without a b c
}

@test "a socket that is connected already" {
	rules
	play 'l socket inet' "l bind 127.0.0.1 $PORT" 'l listen' 'a socket inet' "a connect 127.0.0.1 $PORT" 'a connect 127.0.0.1 9'
	grep -x 'a connect 127.0.0.1 9: -1 EISCONN' log
	have a 1/101/11/5
	has_option a TCP_USER_TIMEOUT 0
}

@test "a socket that libc did not make, and that fails to connect" {
	rules
	play 'l raw' "l bind 127.0.0.1 $PORT" 'l listen' 'a raw' 'a connect 127.0.0.1 9' 'b raw' "b connect 127.0.0.1 $PORT" \
		'c raw' 'c connect 127.0.0.1 9' "c connect 127.0.0.1 $PORT"
	have a "$UNTOUCHED" b 1/101/11/5 c 1/101/11/5
	policy <<<'defaults: { idle = 33; interval = 11; count = 5; };'
	play "${PLAYED[@]}"
	have a "$UNTOUCHED" b "$POLICY" c "$POLICY"
	untouched_without a b c
}

@test "a connection that is under way when the call returns is decided" {
	rules
	play 'l socket inet' "l bind 127.0.0.1 $PORT" 'l listen' 'a socket inet nonblock' "a connect 127.0.0.1 $PORT" 'a ready' \
		"a connect 127.0.0.1 $PORT"
	grep -x "a connect 127.0.0.1 $PORT: -1 EINPROGRESS" log
	have a 1/101/11/5
}

# 192.0.2.1 leads nowhere: the connection stays under way.
on_the_way() {
	needs_scene
	in_scene ip link add hole type veth peer name end || skip "no pairs of interfaces"
	in_scene ip address add 192.0.2.2/24 dev hole
	in_scene ip link set hole up
	in_scene ip link set end up
	in_scene ip neighbour add 192.0.2.1 lladdr 02:00:00:00:00:01 dev hole nud permanent
	take_port
	policy <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = ( { local = "192.0.2.2"; remote_port = 7; idle = 101; }, { remote_port = 9; idle = 102; } );
	END
}

@test "a second call while a connection is under way changes nothing" {
	on_the_way
	play 'a socket inet nonblock' 'a connect 192.0.2.1 7' 'a connect 192.0.2.1 9'
	grep -x 'a connect 192.0.2.1 7: -1 EINPROGRESS' log
	grep -x 'a connect 192.0.2.1 9: -1 EALREADY' log
	have a 1/101/11/5
}

@test "a call that a signal interrupts is decided, also by the own end" {
	on_the_way
	needs_python
	start "$PYTHON" -c '
import ctypes, signal, socket, struct, threading, time
libc = ctypes.CDLL(None, use_errno=True)
signal.signal(signal.SIGALRM, lambda *arguments: None)
signal.siginterrupt(signal.SIGALRM, True)
signal.setitimer(signal.ITIMER_REAL, 0.2)
kept = socket.socket()
address = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", 7, socket.inet_aton("192.0.2.1"))
result = libc.connect(kept.fileno(), address, 16)
print(result, ctypes.get_errno(), flush=True)
print("ready", flush=True)
time.sleep(60)'
	wait_for is_played || fail "$(cat log)"
	grep -x -- '-1 4' log || fail "control: $(cat log)"
	[ "$(timers_of "$PID")" = 1/101/11/5 ] || fail "$(sockets_of "$PID")"
}

# Many times, since two threads have to meet.
@test "SO_KEEPALIVE of a socket whose connection another thread decides ends as the policy says" {
	rules
	needs_python
	policy <<-END
		defaults: { mode = "off"; };
		rules = ( { remote_port = $PORT; mode = "force"; idle = 33; interval = 11; count = 5; } );
	END
	start "$PYTHON" -c '
import socket, sys, threading, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=300)
wrong = 0
for i in range(200):
	one = socket.socket()
	gate = threading.Barrier(2)
	def switch():
		gate.wait()
		for each in range(20):
			one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 0)
	thread = threading.Thread(target=switch)
	thread.start()
	gate.wait()
	one.connect(listener.getsockname())
	thread.join()
	wrong += one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 0
	one.close()
print("wrong", wrong, flush=True)
print("ready", flush=True)
time.sleep(60)' "$PORT"
	wait_for is_played || fail "$(cat log)"
	grep -x 'wrong 0' log || fail "$(cat log)"
}
