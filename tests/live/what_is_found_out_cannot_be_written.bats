#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the library has found out at the start, the functions that it calls among it, is safe from stray writes of the
# program: it can be read, and not be written.

load ../lib/live

# The mappings of a program that reads its own, with these variables.
maps() {
	"${SCENE[@]}" env "$@" cat /proc/self/maps >maps
	grep -q ' rw-p .*/libc[.-]' maps || fail "control: $(cat maps)"
}

# The library's own are its code and its data, and neither can be written.
sealed() {
	maps LD_PRELOAD="$SHIM" "$@" || return
	grep "$SHIM" maps >own
	[ "$(cut -d ' ' -f 2 own | sort | tr '\n' ' ')" = "r--p r-xp " ] || fail "$(cat own)"
}

@test "the shim's data are sealed when a policy is loaded" {
	maps KASHIM_CONF="$PWD/k.conf"
	not grep "$SHIM" maps
	sealed KASHIM_CONF="$PWD/k.conf"
}

@test "the shim's data are sealed without a policy, with mode off, and with one in error" {
	sealed KASHIM=idle=50
	sealed KASHIM=off
	echo 'defaults: { mode = "off"; };' >off.conf
	sealed KASHIM_CONF="$PWD/off.conf"
	echo 'defaults: { idle = 0; };' >wrong.conf
	sealed KASHIM_CONF="$PWD/wrong.conf"
}

@test "the shim's data are sealed when a child compiles the text" {
	echo 'defaults: { idle = 50; };' >new.conf
	sealed KASHIM_CONF="$PWD/new.conf"
}

# They lie in memory of their own, as large as a page.
@test "the shim's data are sealed when rules wait for a connection" {
	readable() {
		grep -c ' r--p 00000000 00:00 0 *$' maps || :
	}
	sealed KASHIM_CONF="$PWD/k.conf"
	before=$(readable)
	echo 'rules = ( { direction = "connect"; idle = 50; } ); defaults: { idle = 60; };' >connect.conf
	sealed KASHIM_CONF="$PWD/connect.conf"
	[ "$(readable)" = $((before + 1)) ] || fail "$(cat maps)"
}

@test "all of the shim's data are one page" {
	needs readelf
	data_are_one_page "$SHIM"
}
