#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A configuration that a program may not read is never taken for none: then its sockets are left alone, and it is said, and no
# child tries to compile it at each start.

load ../lib/live
load ../lib/play

# A program of an ordinary user, where /etc/kashim.* is what `prepare` made of it, in a mount namespace; the library comes by
# the variable. PLAYED is what it does. The test's directory is /mnt there: the user may have no way to its path.
as_user() {
	local prepare=$1
	needs other-users mount-namespaces
	end_scene
	rm -f log
	cp "$SHIM" "$PLAY" "$ROOT/build/kashim" .
	chmod 755 . libkashim.so play kashim
	# shellcheck disable=SC2016 # for the shell in the namespace
	start_plain unshare --mount sh -euc '
		mount -t tmpfs none /etc
		printf "nobody:x:65534:65534::/:/bin/sh\n" >/etc/passwd
		mount --bind "$1" /mnt
		cd /mnt
		eval "$2"
		shift 2
		exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"' sh "$PWD" "$prepare" "${WITH_USER[@]}" \
		./play 'a socket inet' 'b set SO_KEEPALIVE 1'
	wait_for is_played || fail "$(cat log)"
}

WITH_USER=()

reports() {
	grep -c "kashim\\[" report || :
}

prepared() {
	local prepare=$1 expected=$2
	: >report
	chmod 666 report
	WITH_USER=(env KASHIM_LOG=/mnt/report LD_PRELOAD=/mnt/libkashim.so)
	as_user "$prepare"
	have a "$expected"
}

@test "an absent configuration is the built-in policy" {
	prepared ':' 1/60/10/6
	[ "$(reports)" = 0 ] || fail "$(cat report)"
	WITH_USER=(env)
	as_user ':'
	have a "$UNTOUCHED"
}

@test "a configuration that the user may read is used" {
	prepared 'echo "defaults: { idle = 33; interval = 11; count = 5; };" >/etc/kashim.conf' "$POLICY"
	prepared 'echo "defaults: { idle = 33; interval = 11; count = 5; };" >/etc/kashim.conf; ./kashim compile >/dev/null' "$POLICY"
	[ "$(reports)" = 0 ] || fail "$(cat report)"
}

@test "sockets are left alone when the text may not be read, and was never compiled" {
	prepared 'echo "defaults: { mode = \"off\"; };" >/etc/kashim.conf; chmod 600 /etc/kashim.conf' "$UNTOUCHED"
	[ "$(reports)" = 1 ] || fail "$(cat report)"
	grep -q 'kashim.conf: the program may not read it' report || fail "$(cat report)"
}

@test "sockets are left alone when the compiled policy may not be read" {
	prepared 'echo "defaults: { idle = 33; };" >/etc/kashim.conf; ./kashim compile >/dev/null; chmod 600 /etc/kashim.*' "$UNTOUCHED"
	[ "$(reports)" = 1 ] || fail "$(cat report)"
}

@test "sockets are left alone when a compiled policy without text may not be read" {
	prepared 'echo "defaults: { idle = 33; };" >/etc/kashim.conf; ./kashim compile >/dev/null
		rm /etc/kashim.conf; chmod 600 /etc/kashim.policy' "$UNTOUCHED"
	[ "$(reports)" = 1 ] || fail "$(cat report)"
}

@test "sockets are left alone when the configuration's directory may not be entered" {
	prepared 'echo "defaults: { mode = \"off\"; };" >/etc/kashim.conf; chmod 700 /etc' "$UNTOUCHED"
	[ "$(reports)" = 1 ] || fail "$(cat report)"
}

@test "sockets are left alone when drop-ins may not be read, and were never compiled" {
	prepared 'mkdir -m 700 /etc/kashim.conf.d; echo "defaults: { mode = \"off\"; };" >/etc/kashim.conf.d/1.conf' "$UNTOUCHED"
	[ "$(reports)" = 1 ] || fail "$(cat report)"
}

@test "a current compiled policy holds when its drop-ins may not be read" {
	prepared 'mkdir -m 700 /etc/kashim.conf.d; echo "defaults: { idle = 33; interval = 11; count = 5; };" >/etc/kashim.conf.d/1.conf
		./kashim compile >/dev/null' "$POLICY"
	[ "$(reports)" = 0 ] || fail "$(cat report)"
}

@test "no child tries at each start to compile what may not be read" {
	needs strace
	: >report
	as_user ':'
	end_scene
	# shellcheck disable=SC2016 # for the shell in the namespace
	unshare --mount sh -euc '
		mount -t tmpfs none /etc
		echo "defaults: { mode = \"off\"; };" >/etc/kashim.conf
		chmod 600 /etc/kashim.conf
		mount --bind "$1" /mnt
		cd /mnt
		chmod 777 .
		setpriv --reuid 65534 --regid 65534 --clear-groups strace -o trace -E LD_PRELOAD=/mnt/libkashim.so /bin/true
		chmod 644 /etc/kashim.conf
		setpriv --reuid 65534 --regid 65534 --clear-groups strace -o control -E LD_PRELOAD=/mnt/libkashim.so /bin/true' sh "$PWD"
	not grep -E '^(clone|fork|vfork|clone3)\(' trace
	grep -qE '^clone\(' control || fail "control: $(cat control)"
}
