#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The shim calls the definition that dlsym(3) with RTLD_NEXT would give it, without dlsym(3): of whatever shape the object
# behind it is, and wherever the loader has put it.

load ../lib/live
load ../lib/callers

own() {
	needs cc
	cc -D_GNU_SOURCE -shared -fPIC "$@" -o own.so "$ROOT/tests/lib/preload/interposer.c"
}

# The library behind the shim makes the program's sockets, and both leave their traces.
is_called() {
	makes 3 three
	[ "$(sockets_of "$PID" | grep -c nodelay=1)" -ge 2 ] || fail "$(sockets_of "$PID")"
	diff <(echo ready) log
}

is_called_behind_the_shim() {
	unwrap
	# shellcheck disable=SC2034 # live.bash reads it
	WRAPPED=(env "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$SHIM:$PWD/own.so")
	under_the_shim is_called
}

has_table() {
	readelf -dW own.so | grep -q "($1)"
}

@test "the next definition is found in an object with a GNU hash table alone" {
	own -Wl,--hash-style=gnu
	has_table GNU_HASH
	not has_table HASH
	is_called_behind_the_shim
}

@test "the next definition is found in an object with the older hash table alone" {
	own -Wl,--hash-style=sysv
	has_table HASH
	not has_table GNU_HASH
	is_called_behind_the_shim
}

@test "the next definition is found in an object that wants to lie elsewhere, as after prelink(8)" {
	own -Wl,-Ttext-segment=0x3f00000000
	is_called_behind_the_shim
}

@test "the next definition is found in the newest of its versions" {
	printf 'OLDER_1 { };\nOLDER_2 { } OLDER_1;\n' >versions
	own -DOLDER -Wl,--version-script=versions
	nm -D own.so | grep -q 'socket@OLDER_1' || fail "control: $(nm -D own.so)"
	is_called_behind_the_shim
}

@test "the next definition is the one that the symbol's own function chooses" {
	own -DCHOSEN
	nm -D own.so | grep -q ' i socket' || fail "control: $(nm -D own.so)"
	is_called_behind_the_shim
}

@test "the next definition is found past objects that have no such name, no name or no code" {
	needs cc
	own
	cc -shared -fPIC -o empty.so -x c /dev/null
	cc -shared -nostdlib -o nothing.so -x c /dev/null
	WRAPPED=(env "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$PWD/nothing.so:$SHIM:$PWD/empty.so:$PWD/nothing.so:$PWD/own.so")
	under_the_shim is_called
}

@test "the next definition is found with a library for LD_AUDIT" {
	needs cc
	own
	cc -D_GNU_SOURCE -shared -fPIC -o auditor.so "$ROOT/tests/lib/preload/auditor.c"
	# shellcheck disable=SC2034 # live.bash reads it
	WRAPPED=(env "KASHIM_CONF=$PWD/k.conf" "LD_AUDIT=$PWD/auditor.so" "LD_PRELOAD=$SHIM:$PWD/own.so")
	under_the_shim is_called
}

loads_it() {
	: >log
	start "$ROOT/build/tests/load_late" "$@"
	log_says ready
	expect 1 "$PID"
}

# Nothing lies behind it then but what was loaded for it.
@test "the next definition is found by a shim that is loaded late or into its own namespace" {
	# shellcheck disable=SC2034 # live.bash reads it
	WRAPPED=(env "KASHIM_CONF=$PWD/k.conf")
	under_the_shim loads_it "$SHIM"
	under_the_shim loads_it "$SHIM" alone
}
