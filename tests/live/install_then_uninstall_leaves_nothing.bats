#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# make install puts in place what belongs to kashim, and make uninstall takes it away, except for a configuration that
# someone edited. Built in a copy, since other directories make other programs.

load ../lib/live

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	mkdir tree
	cp -R "$BATS_TEST_DIRNAME"/../../{conf,shim,scripts,Makefile} tree
}

build() {
	needs make cc
	MAKE=(make -s -C "$BATS_FILE_TMPDIR/tree" CFLAGS=-O0 "$@")
	unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS LDFLAGS PREFIX DESTDIR
}

files() {
	find "$1" ! -type d | sort
}

@test "uninstall takes out of a DESTDIR all that install put there" {
	build PREFIX=/usr "DESTDIR=$PWD/root"
	"${MAKE[@]}" -j2 install
	files root >installed
	for file in bin/kashim share/man/man1/kashim.1 share/man/man1/kashim-measure.1 share/man/man5/kashim.conf.5 \
		share/man/man7/libkashim.7 share/man/man8/kashim-rescue.8 share/man/man8/kashim-watch.8 lib/systemd/system/kashim-watch.service libexec/kashim/kashim-system sbin/kashim-rescue share/bash-completion/completions/kashim share/zsh/site-functions/_kashim; do
		grep -qx "root/usr/$file" installed || fail "$file is missing: $(cat installed)"
	done
	grep -q '^root/usr/lib/.*libkashim\.so$' installed
	grep -qx root/etc/kashim.conf installed
	grep -qx root/etc/kashim.policy installed
	not grep -v '^root/\(usr\|etc\)/.*kashim' installed
	not grep '\.new$' installed
	"${MAKE[@]}" uninstall
	[ -z "$(files root)" ] || fail "left: $(files root)"
	[ -z "$(find root -name '*kashim*')" ] || fail "left: $(find root -name '*kashim*')"
}

@test "installed files can be read by all and written by their owner alone" {
	build PREFIX=/usr "DESTDIR=$PWD/root"
	(umask 077 && "${MAKE[@]}" install)
	[ -z "$(find root ! -type d ! -perm -444)" ] || fail "$(find root ! -type d ! -perm -444)"
	[ -z "$(find root ! -type d -perm /022)" ] || fail "$(find root ! -type d -perm /022)"
	[ -x root/usr/bin/kashim ]
	[ -x root/usr/libexec/kashim/kashim-system ]
}

@test "uninstall keeps a configuration that someone edited" {
	build PREFIX=/usr "DESTDIR=$PWD/root"
	"${MAKE[@]}" install
	printf 'defaults: { idle = 33; };\n' >root/etc/kashim.conf
	"${MAKE[@]}" install
	grep -q 'idle = 33' root/etc/kashim.conf
	"${MAKE[@]}" uninstall
	[ "$(files root)" = root/etc/kashim.conf ] || fail "$(files root)"
	grep -q 'idle = 33' root/etc/kashim.conf
}

# DESTDIR=/ keeps make install from running ldconfig for a place that the loader does not search.
@test "what was installed works without the tree" {
	local kashim=$PWD/usr/bin/kashim
	needs_python
	build "PREFIX=$PWD/usr" "SYSCONFDIR=$PWD/etc" DESTDIR=/
	"${MAKE[@]}" -j2 install
	mv "$BATS_FILE_TMPDIR/tree" "$BATS_FILE_TMPDIR/away"
	"$kashim" check
	unwrap
	start "$kashim" run "$PYTHON" -c '
import socket, time
sock = socket.socket()
time.sleep(60)'
	wait_for has "$PID" close
	[ "$(timers_of "$PID")" = 1/60/10/6 ] || fail "$(sockets_of "$PID")"
	printf 'defaults: { idle = 33; interval = 11; count = 5; };\n' >etc/kashim.conf
	start "$kashim" run "$PYTHON" -c '
import socket, time
sock = socket.socket()
time.sleep(60)'
	wait_for has "$PID" close
	[ "$(timers_of "$PID")" = "$POLICY" ] || fail "a text that was not compiled: $(sockets_of "$PID")"
	mv "$BATS_FILE_TMPDIR/away" "$BATS_FILE_TMPDIR/tree"
	"${MAKE[@]}" uninstall
	[ -z "$(find usr ! -type d)" ] || fail "left: $(find usr ! -type d)"
}

@test "install and uninstall work in a DESTDIR with a blank in its name" {
	build PREFIX=/usr "DESTDIR=$PWD/a root"
	"${MAKE[@]}" -j2 install
	[ -e "a root/usr/bin/kashim" ]
	[ -e "a root/etc/kashim.policy" ]
	[ ! -e a ]
	"${MAKE[@]}" uninstall
	[ -z "$(files "a root")" ] || fail "$(files "a root")"
}

# Fedora and others package libc.a apart. Here, a compiler that does not find it.
@test "without a static libc the rescue program alone is missing" {
	build PREFIX=/usr "DESTDIR=$PWD/root" "CC=$PWD/cc"
	# shellcheck disable=SC2016 # the script's own
	printf '#!/bin/sh\ncase $* in *-print-file-name=libc.a*) echo libc.a ;; *) exec cc "$@" ;; esac\n' >cc
	chmod +x cc
	"${MAKE[@]}" -j2 install >said
	grep -q 'left out: kashim-rescue' said || fail "$(cat said)"
	[ -e root/usr/bin/kashim ]
	[ ! -e root/usr/sbin/kashim-rescue ]
	"${MAKE[@]}" uninstall
	[ -z "$(files root)" ] || fail "$(files root)"
}
