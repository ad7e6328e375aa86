#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The Debian packages are installed, used, upgraded, removed and purged while programs start all the time: none of them
# fails, none says anything, and what stays is what should. make check-package has this for longer, on a fresh Debian.

load ../lib/live
load ../lib/host
load ../lib/packages

@test "no start fails while Debian packages are installed, enabled, upgraded and purged" {
	open_host
	needs_packages
	come_and_go 150
}

@test "an upgrade keeps an edited configuration, and one in error does not stop it" {
	open_host
	needs_packages
	dpkg_in_host --install "$PACKAGES"/1/deb/*
	printf 'defaults: { idle = 33; interval = 11; count = 5; };\n' >"$HOST_ROOT/etc/kashim.conf"
	in_host kashim compile
	cp "$HOST_ROOT/etc/kashim.policy" good
	printf 'defaults: { idel = 5; };\n' >"$HOST_ROOT/etc/kashim.conf"
	dpkg_in_host --install "$PACKAGES"/2/deb/*
	grep -q 'kashim.conf:1: idel: no such setting' dpkg.log || fail "$(cat dpkg.log)"
	grep -q idel "$HOST_ROOT/etc/kashim.conf"
	cmp good "$HOST_ROOT/etc/kashim.policy"
	# shellcheck disable=SC2016 # dpkg's
	in_host dpkg-query -W -f '${Status}' kashim | grep -qx 'install ok installed'
}

@test "dpkg does not remove the library while a line that was written by hand loads it" {
	open_host
	needs_packages
	dpkg_in_host --install "$PACKAGES"/1/deb/libkashim*
	# shellcheck disable=SC2016 # the loader's
	printf '/usr/$LIB/libkashim.so\n' >"$HOST_ROOT/etc/ld.so.preload"
	not in_host dpkg --remove libkashim >out 2>&1
	grep -q 'take it out of /etc/ld.so.preload first' out || fail "$(cat out)"
	[ "$(timers_in_host)" = 1/60/10/6 ] || fail "the library alone has its built-in policy"
	rm "$HOST_ROOT/etc/ld.so.preload"
	dpkg_in_host --remove libkashim
	[ -z "$(in_host sh -c 'ls /usr/lib/*/libkashim.so' 2>/dev/null)" ]
}
