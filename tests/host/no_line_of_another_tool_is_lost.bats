#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Other programs write /etc/ld.so.preload, too, and know nothing of ours. What one writes between our look at the file and its
# replacement stays: kashim system enable gives up, kashim-rescue looks again.

load ../lib/live
load ../lib/play
load ../lib/host

setup_file() {
	install_image
}

# A library that every program can load.
THEIRS=$(find /lib/*/libm.so.6 /lib64/libm.so.6 2>/dev/null | head -n 1)

# In the host, as soon as this file is there: another tool adds a line, by rename.
add_line_when_there() {
	# shellcheck disable=SC2016 # the shell in there expands it
	start_in_host tool sh -c 'until [ -e "$1" ]; do sleep 0.01; done
		cp /etc/ld.so.preload /etc/theirs
		echo "$2" >>/etc/theirs
		mv /etc/theirs /etc/ld.so.preload' sh "$1" "$THEIRS"
}

@test "enable gives up when another tool adds a line during the self-test" {
	open_host
	echo '# first' >"$HOST_ROOT/etc/ld.so.preload"
	add_line_when_there /etc/ld.so.preload.kashim
	kashim_in_host system enable
	[ "$RESULT" -eq 1 ] || fail "status $RESULT: $(cat out err)"
	grep -q 'another program changed /etc/ld.so.preload meanwhile, run it again' err || fail "$(cat out err)"
	[ "$(preload_file)" = "# first"$'\n'"$THEIRS" ] || fail "$(preload_file)"
	kashim_in_host system enable
	[ "$RESULT" -eq 0 ] || fail "status $RESULT: $(cat out err)"
	preload_file >both
	head -n 2 both | diff - <(printf '# first\n%s\n' "$THEIRS")
	sed -n 3p both | grep -q libkashim.so
}

# The rescue program waits at its first renaming, for long enough.
rescue_slowly() {
	run_in_host strace -qq -o /dev/null -e trace=renameat2 -e inject=renameat2:delay_enter=1500000:when=1 /usr/local/sbin/kashim-rescue
}

@test "disable keeps a line that another tool adds while it replaces the file" {
	open_host
	run_in_host strace -qq -o /dev/null -e trace=renameat2 -e inject=renameat2:delay_enter=10:when=1 true
	[ "$RESULT" -eq 0 ] || skip "needs strace that delays: $(cat err)"
	printf '# first\n/usr/local/lib/libkashim.so\n' >"$HOST_ROOT/etc/ld.so.preload"
	# shellcheck disable=SC2016 # the shell in there expands it
	start_in_host tool sh -c 'for i in $(seq 300); do
			set -- /etc/ld.so.preload.*
			[ ! -e "$1" ] || break
			sleep 0.01
		done
		cp /etc/ld.so.preload /etc/theirs
		echo "# theirs" >>/etc/theirs
		mv /etc/theirs /etc/ld.so.preload'
	rescue_slowly
	[ "$RESULT" -eq 0 ] || fail "status $RESULT: $(cat out err)"
	[ "$(preload_file)" = $'# first\n# theirs' ] || fail "$(preload_file)"
	[ "$(cd "$HOST_ROOT/etc" && echo ld.so.preload*)" = ld.so.preload ] || fail "left: $(ls "$HOST_ROOT/etc")"
}

@test "enable refuses to run beside another kashim system" {
	open_host
	start_in_host other flock /etc sleep 60
	wait_for flock_is_held
	kashim_in_host system enable
	[ "$RESULT" -eq 1 ]
	grep -q 'another kashim system is at work' err || fail "$(cat out err)"
	[ ! -e "$HOST_ROOT/etc/ld.so.preload" ]
}

flock_is_held() {
	not in_host flock -n /etc true
}

# An image whose links lead out of it, were they not of another system.
image_with() {
	mkdir -p "$HOST_ROOT/img/etc" "$HOST_ROOT/img/real" "$HOST_ROOT/real"
	printf '# of the host\n/usr/local/lib/libkashim.so\n' | tee "$HOST_ROOT/etc/theirs" >"$HOST_ROOT/real/ld.so.preload"
	printf '# of the image\n/usr/lib/libkashim.so\n' | tee "$HOST_ROOT/img/etc/theirs" >"$HOST_ROOT/img/real/ld.so.preload"
	"$@"
	run_in_host /usr/local/sbin/kashim-rescue --root /img
	[ "$RESULT" -eq 0 ] || fail "status $RESULT: $(cat out err)" || return
	grep -q 'no longer loads /usr/lib/libkashim.so' out || fail "$(cat out err)" || return
	grep -q libkashim "$HOST_ROOT/etc/theirs" || fail "the host's file was changed" || return
	grep -q libkashim "$HOST_ROOT/real/ld.so.preload" || fail "the host's file was changed"
}

@test "kashim-rescue --root follows an absolute link of the file inside the image" {
	open_host
	image_with ln -s /etc/theirs "$HOST_ROOT/img/etc/ld.so.preload"
	[ "$(cat "$HOST_ROOT/img/etc/theirs")" = '# of the image' ]
	[ -L "$HOST_ROOT/img/etc/ld.so.preload" ]
}

@test "kashim-rescue --root does not leave the image by a link that climbs" {
	open_host
	image_with ln -s ../../../../../../etc/theirs "$HOST_ROOT/img/etc/ld.so.preload"
	[ "$(cat "$HOST_ROOT/img/etc/theirs")" = '# of the image' ]
}

link_the_directory() {
	mv "$HOST_ROOT/img/etc" "$HOST_ROOT/img/old"
	ln -s /real "$HOST_ROOT/img/etc"
}

@test "kashim-rescue --root follows an absolute link of the directory inside the image" {
	open_host
	image_with link_the_directory
	[ "$(cat "$HOST_ROOT/img/real/ld.so.preload")" = '# of the image' ]
}

@test "kashim-rescue --root refuses links that go round in a circle" {
	open_host
	mkdir -p "$HOST_ROOT/img/etc"
	ln -s ld.so.preload "$HOST_ROOT/img/etc/ld.so.preload"
	run_in_host /usr/local/sbin/kashim-rescue --root /img
	[ "$RESULT" -eq 1 ] || fail "status $RESULT: $(cat out err)"
	grep -q 'kashim-rescue: /img/etc/ld.so.preload: cannot be found: Too many levels of symbolic links' err || fail "$(cat err)"
}
