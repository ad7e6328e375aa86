#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The same for RPM packages, whose scripts are told in another way what is going on.

load ../lib/live
load ../lib/host
load ../lib/packages

rpm_in_host() {
	in_host rpm --force-debian --nodeps "$@" >rpm.log 2>&1 || fail "rpm $*: $(cat rpm.log)"
}

@test "no start fails while RPM packages are installed, enabled, upgraded and erased" {
	open_host
	needs_rpms 1 2
	written_in_host >before
	start_starts

	rpm_in_host --install "$PACKAGES"/1/rpm/*
	[ ! -e "$HOST_ROOT/etc/ld.so.preload" ] || fail "switched on by itself"
	cp k.conf "$HOST_ROOT/etc/kashim.conf"
	enable_in_host
	[ "$(timers_in_host)" = "$POLICY" ]
	let_start 500
	starts_are_well enabled

	rpm_in_host --upgrade "$PACKAGES"/2/rpm/*
	[ "$(version_of_policy)" = 77 ]
	[ "$(timers_in_host)" = "$POLICY" ]
	let_start 500
	starts_are_well upgraded

	rpm_in_host --erase kashim libkashim
	[ ! -e "$HOST_ROOT/etc/ld.so.preload" ]
	let_start 500
	stop_starts
	starts_are_well erased
	written_in_host | diff before - | grep '^[<>]' >stays || :
	[ "$(cat stays)" = '> /etc/kashim.conf.rpmsave' ] || fail "after erase: $(cat stays)"
	echo "# $(count_starts) starts" >&3
}

@test "rpm does not erase the library while a line that was written by hand loads it" {
	open_host
	needs_rpms 1
	rpm_in_host --install "$PACKAGES"/1/rpm/libkashim*
	# shellcheck disable=SC2016 # the loader's
	printf '/usr/$LIB/libkashim.so\n' >"$HOST_ROOT/etc/ld.so.preload"
	not in_host rpm --force-debian --erase libkashim >out 2>&1
	grep -q 'take it out of /etc/ld.so.preload first' out || fail "$(cat out)"
	[ -z "$(in_host ls -d / 2>&1 >/dev/null)" ]
}
