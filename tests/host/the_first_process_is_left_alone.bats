#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A host's init, which loads the library by /etc/ld.so.preload as everybody does, is left alone by it; a container's first
# process, for which somebody set LD_PRELOAD, is not. Early in the boot, where there is nothing yet, programs run as ever;
# and those for which a rule says off make no call more than they would.

load ../lib/live
load ../lib/play
load ../lib/host

setup_file() {
	install_image
}

given_a_host() {
	needs strace
	open_host
	cp "$PLAY" "$HOST_ROOT/opt/play"
	printf 'defaults: { idle = 33; };\n' >"$HOST_ROOT/etc/kashim.conf"
	in_host kashim compile
	LIBRARY=$(in_host sh -c 'echo /usr/local/lib/*/libkashim.so')
	# shellcheck disable=SC2016
	printf '/usr/local/$LIB/libkashim.so\n' >"$HOST_ROOT/etc/ld.so.preload"
}

# The first process of a namespace makes a TCP socket; its options, from outside.
start_first() {
	end "${STARTED[@]:2}"
	rm -f log
	start_plain "${HOST[@]}" unshare --pid --fork --mount-proc --kill-child "$@" /opt/play 'a socket inet'
	wait_for is_played || fail "$(cat log)"
	PID=$(family_of "$PID" | tail -n 1)
	grep -q 'play$' "/proc/$PID/comm"
	grep -q '^NSpid:.*	1$' "/proc/$PID/status"
}

@test "the first process is left alone when the file loads the library, another one is not" {
	given_a_host
	start_first
	grep -q libkashim.so "/proc/$PID/maps" || fail 'control: it is not loaded'
	have a "$UNTOUCHED"
	# No variable counts there.
	start_first env KASHIM=idle=33,mode=force KASHIM_VERBOSE=1
	have a "$UNTOUCHED"
	not grep kashim log
	# Not the first one.
	end "${STARTED[@]:2}"
	rm -f log
	start_plain "${HOST[@]}" /opt/play 'a socket inet'
	wait_for is_played
	PID=$(family_of "$PID" | tail -n 1)
	[ "$(word_of a idle)" = 33 ]
}

@test "the first process carries the policy when the variable loads the library" {
	given_a_host
	rm "$HOST_ROOT/etc/ld.so.preload"
	start_first env "LD_PRELOAD=$LIBRARY"
	[ "$(word_of a idle)" = 33 ] || fail "$(line_of a)"
	# shellcheck disable=SC2016
	printf '/usr/local/$LIB/libkashim.so\n' >"$HOST_ROOT/etc/ld.so.preload"
	start_first env "LD_PRELOAD=$LIBRARY"
	[ "$(word_of a idle)" = 33 ] || fail "$(line_of a)"
	start_first env "LD_PRELOAD=libc.so.6"
	have a "$UNTOUCHED"
}

@test "the first process reads no file of kashim's" {
	given_a_host
	in_host strace -o /trace true 2>strace.log || skip "$(cat strace.log)"
	grep -q 'open.*kashim\.policy' "$HOST_ROOT/trace" || fail 'control: nobody reads the policy'
	in_host strace -f -o /trace unshare --pid --fork --mount-proc --kill-child /bin/true
	grep -q 'execve("/bin/true"' "$HOST_ROOT/trace"
	sed -n '/execve("\/bin\/true"/,$p' "$HOST_ROOT/trace" >first
	grep -q 'open.*libkashim\.so' first
	not grep 'kashim\.\(conf\|policy\)' first
}

@test "programs run early in the boot, without configuration, /proc, /dev or a writable disk" {
	given_a_host
	mkdir "$HOST_ROOT/early"
	for with in yes no; do
		# shellcheck disable=SC2016 # expanded in there
		run_in_host unshare --mount sh -euc '
			mount -t tmpfs tmpfs /early
			mkdir /early/usr /early/etc /early/proc /early/dev
			mount --rbind /usr /early/usr
			ln -s usr/bin usr/sbin usr/lib usr/lib64 /early
			[ "$1" = no ] || cp /etc/ld.so.preload /early/etc
			mount -o remount,ro /early
			exec chroot /early sh -c "ls /; cat /proc/self/maps || echo no /proc; cd /usr && ls -d lib; exit 7"
		' sh "$with"
		[ "$RESULT" -eq 7 ] || fail "$RESULT: $(cat out err)"
		cat out err >"$with"
	done
	diff no yes
	# The control: it is loaded there, and makes its few calls.
	in_host unshare --mount sh -euc '
		mount -t tmpfs tmpfs /early
		mkdir /early/usr /early/etc
		mount --rbind /usr /early/usr
		ln -s usr/bin usr/lib usr/lib64 /early
		cp /etc/ld.so.preload /early/etc
		exec strace -f -o /trace chroot /early true'
	sed -n '/execve("[^"]*true"/,$p' "$HOST_ROOT/trace" | grep 'kashim\.conf' >early
	[ "$(wc -l <early)" -le 4 ] || fail "$(cat early)"
	grep -q ENOENT early
}

# What a program calls after it was loaded: from the first line that it writes on.
own_calls() {
	in_host strace -f -o /trace /opt/play 'z fd 0' 'a socket inet' 'b socket inet' 'a listen' 'b connect 127.0.0.1 1' 'c socket unix' \
		'a close' exec /bin/true >played 2>&1
	sed -n 's/^[0-9]* *//; /write(1/,/execve("\/bin/p' "$HOST_ROOT/trace" | sed 's/0x[0-9a-f]*/ADDRESS/g'
}

@test "a program that a rule turns off makes no system call more" {
	given_a_host
	cat >"$HOST_ROOT/etc/kashim.conf" <<-'END'
		defaults: { idle = 33; };
		rules = ( { program = [ "systemd", "systemd-*", "init", "play" ]; mode = "off"; }, { remote = "10.0.0.0/8"; idle = 7; } );
	END
	in_host kashim compile
	own_calls >off
	not grep TCP_KEEPIDLE off
	rm "$HOST_ROOT/etc/ld.so.preload"
	own_calls >without
	[ "$(wc -l <without)" -ge 8 ] || fail "control: $(cat without)"
	diff without off
	# shellcheck disable=SC2016
	printf '/usr/local/$LIB/libkashim.so\n' >"$HOST_ROOT/etc/ld.so.preload"
	sed -i 's/"play"/"other"/' "$HOST_ROOT/etc/kashim.conf"
	in_host kashim compile
	own_calls | grep -q TCP_KEEPIDLE
}
