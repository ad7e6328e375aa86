#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# On a host on which nothing that is loaded starts any more, kashim-rescue does, and takes libkashim.so out of
# /etc/ld.so.preload; so does a shell that is open.

load ../lib/live
load ../lib/play
load ../lib/host

setup_file() {
	install_image
}

# Nothing survives it.
put_broken_library() {
	printf '__attribute__((constructor)) static void start(void) { __builtin_trap(); }\n' >library.c
	compiler -shared -fPIC -o "$(echo "$HOST_ROOT"/usr/local/lib/*/libkashim.so)" library.c
}

# By hand.
bricked() {
	open_host
	FILE=$HOST_ROOT/etc/ld.so.preload
	put_broken_library
	# shellcheck disable=SC2016
	printf '# mine\n/usr/local/$LIB/libkashim.so\n' >"$FILE"
	not in_host ls / >out 2>&1
	not in_host sh -c : >out 2>&1
	not in_host kashim system disable >out 2>&1
}

# The file system of the host, from outside: there, mount does not start. The mount alone: mount(8) hands the options of an
# overlay on again, which Linux 6.5 refuses.
mount_read_only() {
	nsenter --target "$(children_of "${STARTED[-1]}")" --mount mount -o remount,bind,ro "$PWD/stage/host"
}

rescue() {
	run_in_host /usr/local/sbin/kashim-rescue "$@"
}

@test "kashim-rescue is linked statically and needs no loader" {
	readelf -lW "$ROOT/build/kashim-rescue" >headers
	grep -q LOAD headers
	not grep -E 'INTERP|DYNAMIC' headers
}

@test "kashim-rescue starts where nothing else does, and then everything starts again" {
	bricked
	rescue
	[ "$RESULT" -eq 0 ] || fail "$(cat out err)"
	# shellcheck disable=SC2016
	[ "$(cat out)" = '/etc/ld.so.preload: no longer loads /usr/local/$LIB/libkashim.so' ] || fail "$(cat out)"
	[ "$(cat "$FILE")" = '# mine' ]
	[ "$(stat -c '%u %a' "$FILE")" = '0 644' ]
	in_host ls / >/dev/null
	rescue
	[ "$RESULT" -eq 0 ]
	grep -q 'nothing to do' out
}

@test "kashim-rescue takes out and shows the whole file when another library is broken" {
	bricked
	mv "$(echo "$HOST_ROOT"/usr/local/lib/*/libkashim.so)" "$HOST_ROOT/opt/libother.so"
	printf '/opt/libother.so\n' >"$FILE"
	not in_host ls / >out 2>&1
	rescue
	grep -q 'nothing to do' out
	not in_host ls / >out 2>&1
	rescue --all
	[ "$RESULT" -eq 0 ]
	[ ! -e "$FILE" ]
	grep -qx /opt/libother.so out
	in_host ls / >/dev/null
}

@test "a shell that is still open can rescue the host, too" {
	open_host
	put_broken_library
	mkfifo words
	timeout "$PATIENCE" "${HOST[@]}" sh <words >log 2>&1 3>&- &
	STARTED+=("$!")
	cat >words <<-'END'
		try() { ls / >/dev/null 2>&1 && echo "$1: works" || echo "$1: does not"; }
		try before
		echo '/usr/local/$LIB/libkashim.so' >/etc/ld.so.preload
		try bricked
		: > /etc/ld.so.preload
		try after
	END
	wait_for grep -q '^after' log
	[ "$(cat log)" = "$(printf '%s\n' 'before: works' 'bricked: does not' 'after: works')" ] || fail "$(cat log)"
}

@test "kashim-rescue changes nothing when it cannot rescue, and says so" {
	bricked
	in_host /usr/local/sbin/kashim-rescue --print | grep -qx '# mine'
	grep -q libkashim "$FILE"
	rescue now
	[ "$RESULT" -eq 2 ]
	rescue --root /gone
	[ "$RESULT" -eq 0 ]
	grep -q 'nothing to do' out
	in_host /usr/local/sbin/kashim-rescue --help | grep -q '^usage: kashim-rescue'
	mount_read_only
	rescue
	[ "$RESULT" -eq 1 ] || fail "$(cat out err)"
	grep -q 'cannot be replaced: Read-only file system; mount -o remount,rw /' err || fail "$(cat err)"
}

# What is left of a file, both as printf(1) writes them.
left() {
	printf '%b' "$1" >etc/ld.so.preload
	printf '%b' "$2" >expected
	"$ROOT/build/kashim-rescue" --root . >out || fail "$1: $(cat out)" || return
	[ -e etc/ld.so.preload ] || : >etc/ld.so.preload
	cmp etc/ld.so.preload expected || fail "$1: $(cat etc/ld.so.preload)"
}

@test "kashim-rescue takes our name alone out of strangely written files" {
	mkdir -p etc
	left 'a.so\nlibkashim.so' 'a.so\n'
	left '/x/libkashim.so' ''
	left 'a.so:/x/libkashim.so b.so # libkashim.so\nc.so' 'a.so b.so # libkashim.so\nc.so'
	left 'libkashim.so#mine\n' '#mine\n'
	left 'libkashim.so.1\r\na.so\r\n' 'a.so\r\n'
	left ' :\tlibkashim.so : \nx' 'x'
	left 'notlibkashim.so\n/libkashim.so/x.so\n' 'notlibkashim.so\n/libkashim.so/x.so\n'
	left 'a\0libkashim.so\n' 'a\0\n'
	left '' ''
	head -c 2000000 /dev/zero >etc/ld.so.preload
	not "$ROOT/build/kashim-rescue" --root . 2>err
	grep -q 'File too large' err
}
