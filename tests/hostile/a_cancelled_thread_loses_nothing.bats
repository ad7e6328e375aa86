#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Threads are cancelled where they are without the shim, and nowhere else, even while each socket is reported: no call
# becomes a cancellation point, no descriptor is lost, cleanup handlers run, and other threads go on.

load ../lib/live
load ../lib/play
load ../lib/same

@test "a call of a thread that is to be cancelled loses nothing" {
	same_output cancel_calls pending
	grep -q '^socket: returned, .* cancelled, cleaned up 1, 1 more' with
	grep -q '^accept: cancelled in it' with
}

@test "a thread that is cancelled while it waits loses nothing" {
	same_output cancel_calls deferred '' 6
	[ "$(grep -c 'cancelled in it, 0, cancelled, cleaned up 1, 0 more' with)" = 5 ]
}

@test "a thread that may be cancelled anywhere loses nothing while it waits" {
	same_output cancel_calls asynchronous '' 6
	[ "$(grep -c 'cancelled in it, 0, cancelled, cleaned up 1, 0 more' with)" = 5 ]
}

# Without tables for it in the frames of the shim, the unwinding would end there, and the handlers would not run.
@test "the stack of a cancelled thread is unwound through the shim, as C++ programs do" {
	compiler -D_GNU_SOURCE -fexceptions -o unwinding "$ROOT/tests/lib/inside/cancel_calls.c" -pthread -ldl
	same_output "$PWD/unwinding" deferred '' 6
	[ "$(grep -c 'cancelled in it, 0, cancelled, cleaned up 1, 0 more' with)" = 5 ]
}

@test "a thread that is to be cancelled just as a call returns loses nothing" {
	compiler -D_GNU_SOURCE -DLIBRARY -shared -fPIC -o late.so "$ROOT/tests/lib/inside/cancel_calls.c" -ldl
	behind "$PWD/late.so"
	same_output cancel_calls late
	grep -q '^accept: returned, .* cancelled, cleaned up 1, 1 more' with
	grep -q '^recvmsg: returned, 1, cancelled, cleaned up 1, 1 more' with
}

@test "a cancelled thread loses nothing where rules look at connections and syslog is used" {
	printf 'rules = ( { direction = "connect"; remote = "127.0.0.1"; idle = 34; } );\n' >>k.conf
	"$ROOT/build/kashim" compile k.conf
	same_output cancel_calls pending
	in_scene "${WRAPPED[@]}" KASHIM_VERBOSE=1 KASHIM_LOG=syslog "$ROOT/build/tests/cancel_calls" pending >with
	diff <(sed '$d' without) with
}

# Such a thread loads the shim as it would any other library, with a configuration that has to be read.
@test "a thread that is to be cancelled can load the library" {
	compiler -shared -fPIC -o empty.so -x c /dev/null
	in_scene "$ROOT/build/tests/cancel_calls" loading "$PWD/empty.so" >without
	grep -q '^dlopen: returned, 1, cancelled' without || fail "control: $(cat without)"
	in_scene env "KASHIM_CONF=$PWD/k.conf" timeout "$PATIENCE" "$ROOT/build/tests/cancel_calls" loading "$SHIM" >with
	diff without with
	rm k.policy
	in_scene env "KASHIM_CONF=$PWD/k.conf" timeout "$PATIENCE" "$ROOT/build/tests/cancel_calls" loading "$SHIM" >with
	diff without with
}
