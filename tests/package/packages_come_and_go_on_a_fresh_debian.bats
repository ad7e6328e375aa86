#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The life of the Debian packages in a fresh Debian, with ten thousand starts of programs, and for programs of two
# architectures.

load ../lib/live
load ../lib/play
load ../lib/host
load ../lib/packages

@test "none of 10,000 starts fails while Debian packages are installed, upgraded and purged" {
	needs_fresh_debian
	open_host
	needs_packages
	come_and_go 1250
	[ "$(count_starts)" -ge 10000 ]
}

@test "libraries of two architectures coexist, and the line goes with the first of them" {
	needs_fresh_debian
	open_host
	needs_other_architecture
	in_host dpkg --add-architecture i386
	in_host sh -c 'dpkg --install /var/cache/apt/archives/*.deb' >dpkg.log 2>&1 || fail "$(cat dpkg.log)"
	cp program32 "$HOST_ROOT/opt/program32"
	[ -z "$(in_host /opt/program32 2>&1)" ]
	dpkg_in_host --install "$PACKAGES"/1/deb/*
	not in_host kashim system enable 2>err
	grep -q 'self-test failed: programs of another kind' err || fail "control: $(cat err)"
	dpkg_in_host --install "$PACKAGES"/1/i386/*
	enable_in_host
	[ -z "$(in_host /opt/program32 2>&1)" ]
	in_host env LD_TRACE_LOADED_OBJECTS=1 /opt/program32 | grep -q /usr/lib/i386-linux-gnu/libkashim.so
	in_host env LD_TRACE_LOADED_OBJECTS=1 /bin/true | grep -q /usr/lib/x86_64-linux-gnu/libkashim.so
	start_starts
	let_start 50
	dpkg_in_host --remove libkashim:i386
	[ ! -e "$HOST_ROOT/etc/ld.so.preload" ]
	[ -z "$(in_host /opt/program32 2>&1)" ]
	let_start 50
	stop_starts
	starts_are_well removed
}

@test "apt removes the command with the library, and takes the line out before both" {
	needs_fresh_debian
	open_host
	needs_packages
	in_host apt-get install -y "$PACKAGES"/1/deb/* >apt.log 2>&1 || fail "$(cat apt.log)"
	enable_in_host
	start_starts
	let_start 50
	in_host apt-get remove -y libkashim >apt.log 2>&1 || fail "$(cat apt.log)"
	not in_host sh -c 'command -v kashim'
	[ ! -e "$HOST_ROOT/etc/ld.so.preload" ]
	let_start 50
	stop_starts
	starts_are_well removed
	not grep 'ERROR: ld\.so' apt.log
}
