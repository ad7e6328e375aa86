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

@test "connect to an address that is refused, unreadable or too short leaves the socket as it was" {
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

@test "a second connect leaves a connected socket as it was" {
	rules
	play 'l socket inet' "l bind 127.0.0.1 $PORT" 'l listen' 'a socket inet' "a connect 127.0.0.1 $PORT" 'a connect 127.0.0.1 9'
	grep -x 'a connect 127.0.0.1 9: -1 EISCONN' log
	have a 1/101/11/5
	has_option a TCP_USER_TIMEOUT 0
}

@test "a raw socket that fails to connect stays as it was" {
	rules
	play 'l raw' "l bind 127.0.0.1 $PORT" 'l listen' 'a raw' 'a connect 127.0.0.1 9' 'b raw' "b connect 127.0.0.1 $PORT" \
		'c raw' 'c connect 127.0.0.1 9' "c connect 127.0.0.1 $PORT"
	have a "$UNTOUCHED" b 1/101/11/5 c 1/101/11/5
	policy <<<'defaults: { idle = 33; interval = 11; count = 5; };'
	play "${PLAYED[@]}"
	have a "$UNTOUCHED" b "$POLICY" c "$POLICY"
	untouched_without a b c
}

@test "a connection that is under way when connect returns is decided" {
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

@test "a connect that a signal interrupts is decided, also by the own address" {
	on_the_way
	needs_python
	start "$PYTHON" -c '
import ctypes, signal, socket, struct, threading, time
libc = ctypes.CDLL(None, use_errno=True)
signal.signal(signal.SIGALRM, lambda *arguments: None)
signal.siginterrupt(signal.SIGALRM, True)
signal.setitimer(signal.ITIMER_REAL, 0.2, 0.2)
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

# A library behind the shim holds the call until the other thread has connected.
@test "SO_KEEPALIVE of a socket whose connection another thread decides ends as the policy says" {
	needs cc
	rules
	needs_python
	policy <<-END
		defaults: { mode = "off"; };
		rules = ( { remote_port = $PORT; mode = "force"; idle = 33; interval = 11; count = 5; } );
	END
	cc -O1 -shared -fPIC -D_GNU_SOURCE -x c -o libslow.so - <<-'END'
		#include <dlfcn.h>
		#include <fcntl.h>
		#include <poll.h>
		#include <unistd.h>
		#include <sys/socket.h>
		int setsockopt(int fd, int level, int name, const void *value, socklen_t size)
		{
			int (*next)(int, int, int, const void *, socklen_t) =
			    (int (*)(int, int, int, const void *, socklen_t))dlsym(RTLD_NEXT, "setsockopt");
			if (level == SOL_SOCKET && name == SO_KEEPALIVE && *(const int *)value == 0) {
				creat("switching", 0644);
				for (int i = 0; i < 3000 && access("connected", F_OK) == -1; i++)
					poll(NULL, 0, 10);
			}
			return next(fd, level, name, value, size);
		}
	END
	start env "LD_PRELOAD=$SHIM $PWD/libslow.so" "$PYTHON" -c '
import ctypes, os, socket, sys, threading, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
one = socket.socket()
def switch():
	# Without the lock of the interpreter.
	assert ctypes.CDLL(None).setsockopt(one.fileno(), 1, 9, ctypes.byref(ctypes.c_int(0)), 4) == 0
thread = threading.Thread(target=switch)
thread.start()
while not os.path.exists("switching"):
	time.sleep(0.01)
one.connect(listener.getsockname())
open("connected", "w").close()
thread.join()
print("ready", flush=True)
time.sleep(60)' "$PORT"
	wait_for is_played || fail "$(cat log)"
	[ "$(timers_of "$PID" established)" = "$POLICY" ] || fail "$(sockets_of "$PID")"
}
