#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Where there is no memory, no descriptor, no process, no stack to be had, where there is no /proc and in an empty chroot:
# programs print what they print without the shim, and end the same way.

load ../lib/live
load ../lib/play
load ../lib/harmless

# With a compiled policy, and with a text that a child would compile.
under_each() {
	harmless --limit "$@" -- >with || fail "$(cat with)"
	mv k.policy away
	harmless --limit "$@" -- >without || fail "text alone: $(cat without)"
	mv away k.policy
	echo "# $(cat with); text alone: $(cat without)" >&3
}

# Arguments and names are only looked at for rules.
with_rules() {
	policy <<-'END'
		defaults: { idle = 33; interval = 11; count = 5; };
		rules = ( { program = "no-such"; idle = 7; }, { argument = "no-such"; idle = 8; }, { user = 7; idle = 9; },
			{ remote = "127.0.0.0/8"; idle = 5; } );
	END
}

# Root may always fork. Another user has to reach the tree and the test's directory, so what is needed is copied.
as_nobody() {
	[ "$(id -u)" = 0 ] || return 0
	needs other-users
	AS=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test"
	chmod 777 .
	mkdir -p tree/build tree/tests/lib/outside
	cp "$SHIM" "$PLAY" "$ROOT/build/kashim" tree/build
	cp "$ROOT"/tests/lib/outside/{harmless,counted}.py tree/tests/lib/outside
	ROOT=$PWD/tree SHIM=$PWD/tree/build/libkashim.so PLAY=$PWD/tree/build/play
	"${AS[@]}" test -r "$SHIM" || skip "another user cannot reach the test's directory"
}

@test "a program runs with no memory to spare" {
	with_rules
	under_each as 2400000 12000000 131072
	under_each data 65536 12000000 262144
}

@test "a program runs with no descriptor to spare" {
	with_rules
	under_each nofile 0 20 1
}

@test "a program runs with no stack to spare" {
	with_rules
	under_each stack 32768 262144 16384
}

@test "a program runs where a limit lets no process be made" {
	as_nobody
	under_each nproc 0 3 1
	grep -q 'no child could be made' report
}

@test "a program runs where a filter lets no process be made" {
	mv k.policy away
	harmless --no-fork --
	grep -q 'no child could be made' report
}

@test "a program runs where no file may grow" {
	export KASHIM_VERBOSE=1
	under_each fsize 0 2 1
	[ -e report ] || fail "control: nothing was reported"
}

@test "a program runs where there is no /proc" {
	local hide=(unshare --mount)
	needs mount-namespaces
	with_rules
	[ "$(id -u)" = 0 ] || hide=(unshare --user --map-root-user --mount)
	AS=("${hide[@]}" sh -c 'mount -t tmpfs none /proc && exec "$@"' sh)
	harmless
	mv k.policy away
	harmless
}

# What a dynamic program needs, in a directory of its own: no /proc, no /dev, no /tmp.
build_root() {
	local file
	for file in "$(type -P true)" "$PLAY" "$SHIM" "$PWD/k.conf" "$@" \
		$(ldd "$(type -P true)" "$PLAY" | grep -o '/[^ ]*\.so[^ ]*' | sort -u); do
		mkdir -p "root$(dirname "$file")"
		cp -p "$file" "root$file"
	done
}

in_root() {
	needs chroot
	[ "$(id -u)" = 0 ] || AS=(unshare --user --map-root-user)
	"${AS[@]}" chroot root "$(type -P true)"
	KASHIM_LOG=/report harmless --root root -- "$PLAY" 'a socket inet' exec "$(type -P true)"
}

@test "a program runs in a chroot with a compiled policy" {
	build_root "$PWD/k.policy"
	in_root
}

@test "a program runs in a chroot with a text and without kashim" {
	build_root
	in_root
	grep -q k.conf root/report
}

@test "a program runs in a chroot without a configuration" {
	build_root
	rm "root$PWD/k.conf"
	in_root
	KASHIM_CONF='' in_root
}
