#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# libc has more than one name for some calls, and compilers choose one: the policy holds whichever it is.

load ../lib/live

# The program's sockets with force, and with a rule for the connections that it makes.
sockets() {
	printf 'defaults: { mode = "force"; idle = 33; interval = 11; count = 5; };
rules = ( { direction = "connect"; remote = "127.0.0.0/8"; mode = "force"; idle = 34; } );\n' >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	in_scene ./sockets >without
	in_scene env "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$1" ./sockets >with
	grep -q '^own *IPv4 0/7/500/9$' without || fail "control: $(cat without)"
	[ "$(grep -c '^\(own\|client\) *IPv4 1/34/11/5$' with)" = 2 ] || fail "$(cat with)"
	grep -q '^listener *IPv4 1/33/11/5$' with || fail "$(cat with)"
}

built() {
	"$@" -D_GNU_SOURCE -o sockets "$ROOT/tests/everywhere/client_and_server.c" 2>cc.log || skip "cannot be built here: $(head -n 1 cc.log)"
}

@test "sockets of a program that calls __connect carry the policy" {
	needs cc
	built cc -Dconnect=__connect -Wno-implicit-function-declaration
	nm -D sockets | grep -q ' __connect' || fail "control: it calls something else"
	sockets "$SHIM"
}

@test "__setsockopt64 leads to the shim with 64-bit time on a 32-bit machine" {
	needs gcc make nm
	built gcc -m32 -D_TIME_BITS=64 -D_FILE_OFFSET_BITS=64
	nm -D sockets | grep -q ' __setsockopt64' || skip "libc has no 64-bit time here"
	./sockets >/dev/null || skip "this kernel runs no 32-bit programs"
	ln -s "$ROOT/conf" "$ROOT/shim" .
	# As Debian's compiler for armhf has it by itself.
	make -s -f "$ROOT/Makefile" CC='gcc -m32' CPPFLAGS='-D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64' build/libkashim.so >make.log 2>&1 || fail "$(cat make.log)"
	sockets "$PWD/build/libkashim.so"
}
