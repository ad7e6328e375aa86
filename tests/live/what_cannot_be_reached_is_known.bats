#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What no preloaded library reaches: each row of that list, beside a neighbour that is reached. A row that fails here is
# one that the manuals may drop. Where kashim run can know, it says so before the program runs.

load ../lib/live
load ../lib/play

# Refused with this reason, and not run; run all the same when asked to.
refused() {
	local reason=$1 status=0
	shift
	env KASHIM_CONF="$PWD/k.conf" "${AS[@]}" "$ROOT/build/kashim" run "$@" >refused 2>&1 3>&- || status=$?
	[ "$status" = 125 ] || fail "status $status: $(cat refused)" || return
	grep -qF "$reason" refused || fail "not \"$reason\": $(cat refused)" || return
	[ "$(wc -l <refused)" = 1 ] || fail "$(cat refused)"
}

# Put in front of a program, to run it as somebody else.
AS=()

# Programs are started by the command, with these options.
by_command() {
	WITH=("${AS[@]}" env "KASHIM_CONF=$PWD/k.conf" "$ROOT/build/kashim" run "$@")
}

as_is() {
	WITH=("${AS[@]}")
}

@test "a static program is not reached" {
	build_static
	take_port
	play_with ./static 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c connect 127.0.0.1 $PORT" \
		'b accept a'
	have a "$UNTOUCHED" b "$UNTOUCHED" c "$UNTOUCHED"
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c connect 127.0.0.1 $PORT" 'b accept a'
	have a "$POLICY" b "$POLICY" c "$POLICY"
	untouched_without a b c
}

@test "a static program is refused by run, unless asked for" {
	build_static
	refused 'static: no loader runs in it that could load a library' ./static 'a socket inet'
	by_command --best-effort
	play_with ./static 'a socket inet'
	grep 'static: no loader runs' log
	have a "$UNTOUCHED"
	by_command
	play 'a socket inet'
	have a "$POLICY"
}

# Go's own 15 seconds, where the policy would win if it could.
go_is_untouched() {
	take_port
	play_with ./program "127.0.0.1:$PORT"
	wait_for has "$PID" listen established
	not grep -F "$POLICY" <(timers_of "$PID")
	timers_of "$PID" established | sort -u >with
	play 'a socket inet'
	have a "$POLICY"
	unwrap
	play_with ./program "127.0.0.1:$PORT"
	wait_for has "$PID" listen established
	timers_of "$PID" established | sort -u | diff with -
}

@test "a Go program is refused by run, and not reached" {
	needs_go
	CGO_ENABLED=0 go build -o program program.go 2>go.log || skip "go cannot build: $(head -n 1 go.log)"
	refused 'static, Go: no loader runs in it that could load a library' ./program 127.0.0.1:1
	go_is_untouched
}

@test "a Go program with cgo is refused by run, and not reached, though the loader loads the shim" {
	needs_go
	needs "${CC:-cc}"
	sed -i 's/^import (/import "C"\n\n&/' program.go
	CGO_ENABLED=1 go build -o program program.go 2>go.log || skip "go cannot build: $(head -n 1 go.log)"
	readelf -l program | grep -q INTERP || skip "this go links it statically"
	refused 'Go: it makes its system calls without libc' ./program 127.0.0.1:1
	go_is_untouched
}

@test "io_uring's socket operation is not reached" {
	needs io_uring
	take_port
	start_plain "$PLAY" 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen'
	wait_for is_played
	rm -f log
	start "$ROOT/build/tests/io_uring_sockets" "$PORT"
	wait_for is_played
	wait_for has "$PID" established
	have f "$UNTOUCHED" s "$POLICY"
	unwrap
	rm -f log
	start "$ROOT/build/tests/io_uring_sockets" "$PORT"
	wait_for is_played
	have f "$UNTOUCHED" s "$UNTOUCHED"
}

# Connection rules do not see it, so the socket keeps what it had.
@test "io_uring's connect operation is not reached by rules that wait for a connection" {
	needs io_uring
	take_port
	policy <<-END
		defaults: { idle = 33; interval = 11; count = 5; };
		rules = ( { remote_port = $PORT; idle = 101; } );
	END
	start_plain "$PLAY" 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen'
	wait_for is_played
	rm -f log
	start "$ROOT/build/tests/io_uring_sockets" "$PORT"
	wait_for is_played
	have f "$UNTOUCHED" s "$POLICY"
	rm -f log
	start "$PLAY" 'c socket inet' "c connect 127.0.0.1 $PORT"
	wait_for is_played
	have c 1/101/11/5
	untouched_by_uring
}

untouched_by_uring() {
	unwrap
	rm -f log
	start "$ROOT/build/tests/io_uring_sockets" "$PORT"
	wait_for is_played
	have f "$UNTOUCHED" s "$UNTOUCHED"
}

@test "a socket that syscall(2) makes past libc is not reached" {
	play 'a raw' 's socket inet'
	have a "$UNTOUCHED" s "$POLICY"
	untouched_without a s
}

@test "a call that dlsym finds by libc's own handle is not reached" {
	play_with "$ROOT/build/tests/past_the_shim" libc
	have a "$UNTOUCHED" s "$POLICY"
	unwrap
	play_with "$ROOT/build/tests/past_the_shim" libc
	have a "$UNTOUCHED" s "$UNTOUCHED"
}

@test "a library that was loaded with RTLD_DEEPBIND is not reached" {
	cat >library.c <<-'END'
		#include <sys/socket.h>
		int make_socket(void);
		int make_socket(void)
		{
			return socket(AF_INET, SOCK_STREAM, 0);
		}
	END
	compiler -shared -fPIC -o library.so library.c
	play_with "$ROOT/build/tests/past_the_shim" library ./library.so deepbind
	have a "$UNTOUCHED" s "$POLICY"
	play_with "$ROOT/build/tests/past_the_shim" library ./library.so
	have a "$POLICY" s "$POLICY"
	unwrap
	play_with "$ROOT/build/tests/past_the_shim" library ./library.so deepbind
	have a "$UNTOUCHED" s "$UNTOUCHED"
}

# A server that asks for TCP, and never answers there.
name_server() {
	cat >server.py <<'END'
import socket, threading
tcp = socket.create_server(("127.0.0.1", 53))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 53))
def truncate():
	while True:
		query, peer = udp.recvfrom(4096)
		udp.sendto(query[:2] + b"\x82\x80" + query[4:6] + bytes(6) + query[12:], peer)
threading.Thread(target=truncate, daemon=True).start()
kept = []
while True:
	kept.append(tcp.accept())
END
	start_plain "$PYTHON" server.py
	wait_for listens_for_names
}

listens_for_names() {
	[ -n "$(in_scene ss -Hltn 'sport = :53')" ]
}

resolve() {
	rm -f log
	# shellcheck disable=SC2016 # for the inner shell
	start_plain unshare --mount sh -c '
mount --bind resolv.conf /etc/resolv.conf && mount --bind nsswitch.conf /etc/nsswitch.conf && exec "$@"' sh \
		"${WITH[@]}" "$PYTHON" -c '
import socket
own = socket.create_connection(("127.0.0.1", 53))
socket.getaddrinfo("name.invalid", 80, socket.AF_INET)'
	wait_for asks_by_tcp
}

asks_by_tcp() {
	[ "$(timers_of "$PID" established 2>/dev/null | wc -l)" = 2 ]
}

@test "glibc's own resolver is not reached when it asks by TCP" {
	needs unshare mount
	needs_root
	needs_python
	needs_scene
	needs glibc mount-namespaces
	[ -e /etc/resolv.conf ] && [ -e /etc/nsswitch.conf ] || skip "no /etc/resolv.conf, or no /etc/nsswitch.conf"
	printf 'nameserver 127.0.0.1\noptions timeout:30\n' >resolv.conf
	printf 'hosts: dns\n' >nsswitch.conf
	name_server
	resolve
	[ "$(timers_of "$PID" established | sort | tr '\n' ' ')" = "$UNTOUCHED $POLICY " ] || fail "$(sockets_of "$PID")"
	unwrap
	resolve
	[ "$(timers_of "$PID" established | sort -u)" = "$UNTOUCHED" ] || fail "$(sockets_of "$PID")"
}

# Somebody else's set-uid program, run by nobody, who can reach it and all that kashim needs.
needs_set_uid() {
	needs_root
	needs other-users
	AS=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	mkdir -p tree/scripts tree/build
	cp "$ROOT/build/kashim" tree/scripts
	cp "$SHIM" "$ROOT/build/kashim" tree/build
	cp "$PLAY" plain
	cp "$PLAY" set-uid
	chown 65533:65533 set-uid
	chmod 4755 set-uid
	SHIM=$PWD/tree/build/libkashim.so
	ROOT=$PWD/tree
	"${AS[@]}" test -r "$SHIM" || skip "another user cannot reach the test's directory"
	wrap "${AS[@]}" env
}

@test "a set-uid program is not reached, and its environment is ignored" {
	needs_set_uid
	play_with ./set-uid 'a socket inet'
	[ "$(awk '$1 == "Uid:" { print $2, $3 }' "/proc/$PID/status")" = '65534 65533' ] ||
		skip "set-uid has no effect in the test's directory"
	have a "$UNTOUCHED"
	not grep -q libkashim "/proc/$PID/maps"
	play_with ./plain 'a socket inet'
	have a "$POLICY"
	grep -q libkashim "/proc/$PID/maps"
	as_is
	play_with ./plain 'a socket inet'
	have a "$UNTOUCHED"
}

@test "a set-uid program is refused by run, which names the reason" {
	needs_set_uid
	play_with ./set-uid 'a socket inet'
	[ "$(awk '$1 == "Uid:" { print $3 }' "/proc/$PID/status")" = 65533 ] ||
		skip "set-uid has no effect in the test's directory"
	refused 'set-uid: the loader ignores LD_PRELOAD in it' ./set-uid 'a socket inet'
	by_command
	play_with ./plain 'a socket inet'
	have a "$POLICY"
}

# It connects, and there is no connect(2) at which a rule could be asked.
@test "sendto with MSG_FASTOPEN carries what the socket got when it was made" {
	take_port
	policy <<-END
		defaults: { idle = 33; interval = 11; count = 5; };
		rules = ( { remote_port = $PORT; idle = 101; } );
	END
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c fastopen 127.0.0.1 $PORT" \
		'b socket inet' "b connect 127.0.0.1 $PORT"
	grep -qx "c fastopen 127.0.0.1 $PORT: 1 0" log || skip "this kernel has no TCP fast open"
	[ "$(word_of c state)" = established ]
	have c "$POLICY" b 1/101/11/5
	untouched_without b c
}
