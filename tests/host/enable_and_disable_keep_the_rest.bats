#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# kashim system puts one line into /etc/ld.so.preload, and takes it away: what else is in there stays, byte for byte.

load ../lib/live
load ../lib/play
load ../lib/host

setup_file() {
	install_image
}

given_a_host() {
	open_host
	FILE=$HOST_ROOT/etc/ld.so.preload
}

enabled() {
	kashim_in_host system enable
	[ "$RESULT" -eq 0 ] || fail "status $RESULT: $(cat out err)" || return
	[ "$(stat -c '%u %g %a' "$FILE")" = '0 0 644' ] || fail "$(stat -c '%u %g %a' "$FILE")" || return
	[ "$(cd "$HOST_ROOT/etc" && echo ld.so.preload*)" = ld.so.preload ] || fail "left: $(ls "$HOST_ROOT/etc")" || return
	in_host grep -q libkashim.so /proc/self/maps || fail 'it is not loaded'
}

disabled() {
	kashim_in_host system disable
	[ "$RESULT" -eq 0 ] || fail "status $RESULT: $(cat out err)" || return
	not in_host grep -q libkashim.so /proc/self/maps
}

@test "disable removes the file that enable made, and both can be repeated" {
	given_a_host
	[ ! -e "$FILE" ]
	not in_host grep -q libkashim.so /proc/self/maps
	enabled
	[ "$(wc -l <"$FILE")" = 1 ] || fail "$(cat "$FILE")"
	for again in enabled disabled disabled; do
		cp "$FILE" before 2>/dev/null || :
		"$again"
		[ "$again" != enabled ] || cmp before "$FILE"
	done
	[ ! -e "$FILE" ]
}

@test "\$LIB stands in the line where the loader finds the library by it" {
	given_a_host
	enabled
	case $("${CC:-cc}" -print-multiarch 2>/dev/null) in
	?*) grep -qxF "/usr/local/\$LIB/libkashim.so" "$FILE" || fail "$(cat "$FILE")" ;;
	esac
	# Somewhere else it cannot.
	mkdir -p "$HOST_ROOT/opt/k/build"
	cp "$ROOT"/build/libkashim.so "$ROOT"/build/kashim* "$HOST_ROOT/opt/k/build"
	run_in_host /opt/k/build/kashim system enable
	[ "$(cat "$FILE")" = /opt/k/build/libkashim.so ] || fail "$(cat "$FILE" err)"
}

# What is there, then enable and disable: the same, but for the newline at the end.
stays() {
	# shellcheck disable=SC2059
	printf "$1" >"$FILE"
	cp "$FILE" before
	[ -z "$(tail -c 1 before)" ] || echo >>before
	enabled
	in_host grep -q libeatmydata /proc/self/maps
	cmp <(head -n -1 "$FILE") before
	in_host true 2>complaints
	disabled
	cmp "$FILE" before
}

@test "enable and disable keep the other lines and comments of the file" {
	given_a_host
	[ -e "$(echo /usr/lib/*/libeatmydata.so)" ] || skip 'libeatmydata1 is not installed'
	# shellcheck disable=SC2016 # as it stands in the file
	stays '# libkashim.so was here\n\n/usr/$LIB/libeatmydata.so'
	# glibc would take the second comment for libraries if our line stood in front.
	# shellcheck disable=SC2016
	stays '# one\n# two\n/usr/$LIB/libeatmydata.so\n'
	[ ! -s complaints ] || fail "$(cat complaints)"
}

@test "disable takes our names alone out of the file, wherever they stand" {
	given_a_host
	# shellcheck disable=SC2016
	printf '/usr/$LIB/libeatmydata.so:/usr/local/$LIB/libkashim.so # fast\n\t/gone/libkashim.so.1\n#end\n' >"$FILE"
	kashim_in_host system disable
	# shellcheck disable=SC2016
	printf '/usr/$LIB/libeatmydata.so # fast\n#end\n' | cmp - "$FILE" || fail "$(cat "$FILE")"
}

@test "enable does its work beside a broken line of somebody else" {
	given_a_host
	printf '/gone/libother.so\n' >"$FILE"
	in_host ls / 2>&1 >/dev/null | grep -q 'libother.so.*cannot be preloaded'
	kashim_in_host system enable
	[ "$RESULT" -eq 0 ] || fail "$(cat err)"
	[ "$(head -n 1 "$FILE")" = /gone/libother.so ]
}

@test "enable and disable keep a symbolic link, and change the file behind it" {
	given_a_host
	mkdir "$HOST_ROOT/etc/preload"
	printf '# mine\n' >"$HOST_ROOT/etc/preload/file"
	ln -s preload/file "$FILE"
	kashim_in_host system enable
	[ "$RESULT" -eq 0 ] || fail "$(cat err)"
	[ -L "$FILE" ]
	grep -q libkashim.so "$FILE"
	disabled
	[ -L "$FILE" ]
	[ "$(cat "$FILE")" = '# mine' ]
}

@test "disable works when the library is gone" {
	given_a_host
	enabled
	rm "$HOST_ROOT"/usr/local/lib/*/libkashim.so
	in_host ls / 2>&1 >/dev/null | grep -q 'cannot be preloaded'
	kashim_in_host system disable
	[ "$RESULT" -eq 0 ] && [ ! -e "$FILE" ] || fail "$(cat err)"
	[ -z "$(in_host ls / 2>&1 >/dev/null)" ]
}

@test "make uninstall disables the host before it removes the library" {
	given_a_host
	in_host test -e "$ROOT/Makefile" || skip 'the sources are on another file system'
	enabled
	run_in_host env -u MAKEFLAGS make -s -C "$ROOT" uninstall
	[ "$RESULT" -eq 0 ] || fail "$(cat out err)"
	[ ! -s err ] || fail "$(cat err)"
	[ ! -e "$FILE" ]
	[ -z "$(find "$HOST_ROOT/usr/local" -name '*kashim*')" ]
	printf '/usr/lib/libkashim.so\n' >"$FILE"
	run_in_host env -u MAKEFLAGS make -s -C "$ROOT" uninstall
	grep -q libkashim "$FILE"
}

@test "enable wants root and a good configuration, which it compiles" {
	needs_python
	given_a_host
	printf 'x' >"$HOST_ROOT/etc/kashim.conf"
	kashim_in_host system enable
	[ "$RESULT" -eq 1 ]
	[ ! -e "$FILE" ]
	grep -q '^/etc/kashim.conf:1: syntax error' err
	printf 'defaults: { idle = 77; };' >"$HOST_ROOT/etc/kashim.conf"
	enabled
	[ "$(in_host setpriv --reuid 65534 --clear-groups grep -c libkashim.so /proc/self/maps)" -gt 0 ]
	in_host "$PYTHON" -c 'import socket; print(socket.socket().getsockopt(6, 4))' | grep -qx 77
	run_in_host setpriv --reuid 65534 --clear-groups kashim system disable
	[ "$RESULT" -eq 1 ]
	grep -q 'only root' err
	enabled
}

@test "enable takes the line out again when the host behaves otherwise than its self-test" {
	given_a_host
	# It crashes where no scratch of the self-test's is mounted.
	cat >library.c <<-'END'
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		__attribute__((constructor)) static void
		start(void)
		{
			char line[500];
			FILE *mounts = fopen("/proc/self/mounts", "re");

			while (mounts != NULL && fgets(line, sizeof(line), mounts) != NULL)
				if (strncmp(line, "kashim ", 7) == 0)
					return;
			abort();
		}
	END
	compiler -D_GNU_SOURCE -shared -fPIC -o "$(echo "$HOST_ROOT"/usr/local/lib/*/libkashim.so)" library.c
	printf '# mine' >"$FILE"
	kashim_in_host system enable
	[ "$RESULT" -eq 1 ]
	grep -q 'true: status 134.*as it was' err || fail "$(cat err)"
	[ "$(cat "$FILE")" = '# mine' ]
	in_host ls / >/dev/null
}

@test "enable and disable work on another system below a directory" {
	given_a_host
	mkdir "$HOST_ROOT/opt/image"
	run_in_host unshare --mount sh -euc '
		mount -t tmpfs -o mode=755 tmpfs /opt/image
		mkdir /opt/image/root
		cd /opt/image/root
		mkdir usr etc proc dev tmp
		mount --rbind /usr usr
		ln -s usr/bin usr/sbin usr/lib usr/lib64 .
		cp /etc/passwd etc
		printf "# mine\n" >etc/ld.so.preload
		! chroot . kashim system enable || exit 9
		mount -t proc proc proc
		! chroot . kashim system enable || exit 9
		cat etc/ld.so.preload
		kashim system enable --root /opt/image/root
		cat etc/ld.so.preload
		kashim system status --root=/opt/image/root
		chroot . grep -c libkashim.so /etc/ld.so.preload
		kashim system disable --root /opt/image/root
		cat etc/ld.so.preload'
	[ "$RESULT" -eq 0 ] || fail "$(cat out err)"
	grep -q 'the self-test needs /proc' err
	grep -q 'no mount namespace.*see --root' err || fail "$(cat err)"
	[ "$(grep -cx '# mine' out)" = 3 ] || fail "$(cat out)"
	[ "$(grep -cx '/usr/local/.*libkashim\.so' out)" = 1 ] || fail "$(cat out)"
	grep -q '^enabled    yes' out
	[ ! -e "$FILE" ]
}

@test "enable refuses a host with 32-bit programs until they have a library, too" {
	needs 32-bit
	given_a_host
	printf 'int main(void) { return 0; }\n' >program.c
	compiler -m32 -o program program.c
	cp program "$HOST_ROOT/opt/program32"
	libc=$(ldd program | sed -n 's/.*libc\.so\.6 => \(.*\) (.*/\1/p')
	[ -z "$libc" ] || cp "$libc" "$HOST_ROOT/$libc"
	in_host /opt/program32
	kashim_in_host system enable
	[ "$RESULT" -eq 1 ] || fail "$(cat out err)"
	grep -q 'programs of another kind' err || fail "$(cat err)"
	[ ! -e "$FILE" ]
	kashim_in_host system enable --best-effort
	[ "$RESULT" -eq 0 ] || fail "$(cat err)"
	in_host /opt/program32 2>&1 | grep -q 'cannot be preloaded' || fail 'control'
	disabled
	# With a library for them, there is nothing to complain about.
	mkdir -p "$(dirname "$HOST_ROOT/usr/local$libc")"
	: >nothing.c
	compiler -m32 -shared -o "$(dirname "$HOST_ROOT/usr/local$libc")/libkashim.so" nothing.c
	enabled
	[ -z "$(in_host /opt/program32 2>&1)" ]
}
