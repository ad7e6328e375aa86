#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The system calls of real programs, from main on: with the shim they are those without it, in the same order and with the
# same results, and each TCP socket's options in between.

load ../lib/live
load ../lib/play

# A library whose constructor comes last, so that what lies before is the loader's and the shim's own.
needs_marker() {
	needs strace "$@"
	echo '#include <unistd.h>
		__attribute__((constructor)) static void begin(void) { if (write(-1, "begin", 5)) return; }' >marker.c
	compiler -shared -fPIC -o marker.so marker.c
}

# Without what chance decides: memory, which depends on where it lies, ports, processes, times, random bytes, patience.
calls() {
	sed '1,/^write(-1, "begin"/d' "$1" | sed -E '
		s/0x[0-9a-f]+/-/g; s/(htons\()[0-9]+/\1-/g
		s/\b(pid|u32|u64|tv_sec|tv_nsec|tv_usec|si_[a-z]+)=-?[0-9]+/\1=-/g
		/^(brk|mmap|munmap|mremap|madvise)\(/d; s/^(poll\(.*, )[0-9]+(\) += )/\1-\2/
		s/^(getrandom|sysinfo|newfstatat|statx|fstat|clock_[a-z]+|gettimeofday|time)\(.*/\1/
		s/^(getpid|gettid|getppid|getpgrp)\(\).*/\1/
		s/^(pwrite64\([0-9]*, "|epoll_wait.*, )[0-9]+/\1-/; s/, -?[0-9]+(, NULL(, 8)?\) += )/, -\1/'
}

# A scene with a program under strace: first without the shim, then with it. Such a program may wait once more or less,
# so it may take a few tries until there is a pair that is alike.
alike() {
	local sockets=$1 try
	shift
	for try in 1 2 3 4 5 6; do
		take_port
		: >log
		TRACED=(strace -o without.raw -E "LD_PRELOAD=$PWD/marker.so")
		"$@"
		take_port
		TRACED=(strace -o with.raw -E "LD_PRELOAD=$PWD/marker.so:$SHIM" -E "KASHIM_CONF=$PWD/k.conf")
		"$@"
		calls without.raw >without
		calls with.raw >with
		[ "$(wc -l <without)" -ge 10 ] || fail "control: $(cat without)" || return
		! differs_by_options || return 0
	done
	fail "$try tries: $(diff without with)"
}

differs_by_options() {
	diff without with >difference && fail "the shim was not there"
	grep -q '^<' difference && return 1
	sed -n 's/^> //p' difference | sed -E 's/^(setsockopt\()[0-9]+/\1-/' | sort | uniq -c | sed 's/^ *//' >added
	diff added - <<-END
		$sockets setsockopt(-, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = 0
		$sockets setsockopt(-, SOL_TCP, TCP_KEEPCNT, [5], 4) = 0
		$sockets setsockopt(-, SOL_TCP, TCP_KEEPIDLE, [33], 4) = 0
		$sockets setsockopt(-, SOL_TCP, TCP_KEEPINTVL, [11], 4) = 0
	END
}

listens() {
	[ -n "$(in_scene ss -Htln "sport = :$PORT")" ]
}

# A web server that answers once, always the same, in one piece. It closes the connection when the client has written the
# answer, so that the two do not come to it at once.
serve() {
	printf 'HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n' >answer
	start_plain "$PYTHON" -c '
import socket, sys, time
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
	one, _ = server.accept()
	one.recv(4096)
	one.sendall(open("answer", "rb").read())
	while b"hello" not in open("out", "rb").read():
		time.sleep(0.01)' "$PORT"
	wait_for listens
}

client() {
	: >out
	serve
	in_scene timeout "$PATIENCE" "${TRACED[@]}" "${@//PORT/$PORT}" </dev/null >out 2>&1
	grep -q hello out || fail "control: $(cat out)"
}

# A program that serves one client, which closes the connection when it has got all, and ends.
server() {
	: >log
	start_plain timeout "$PATIENCE" "${TRACED[@]}" "${@//PORT/$PORT}"
	wait_for listens
	{ cat request && wait_for grep -q hello log; } | in_scene timeout "$PATIENCE" nc.openbsd -N 127.0.0.1 "$PORT" >/dev/null
	wait "$PID"
}

@test "a trace of curl differs by the options alone" {
	needs_marker curl
	needs_python
	alike 1 client curl -s --no-keepalive http://127.0.0.1:PORT/
}

@test "a trace of wget differs by the options alone" {
	needs_marker wget
	needs_python
	alike 1 client wget -q -O - http://127.0.0.1:PORT/
}

@test "a trace of bash differs by the options alone" {
	needs_marker
	needs_python
	# shellcheck disable=SC2016 # for the bash that is traced
	alike 1 client bash -c 'exec 3<>/dev/tcp/127.0.0.1/PORT; echo GET / >&3; read -r line <&3; echo "$line" hello'
}

@test "a trace of nc as client and server differs by the options alone" {
	needs_marker nc.openbsd
	needs_python
	alike 1 client nc.openbsd -N 127.0.0.1 PORT
	echo hello >request
	alike 1 server nc.openbsd -l 127.0.0.1 PORT
}

@test "a trace of socat as client and server differs by the options alone" {
	needs_marker socat nc.openbsd
	needs_python
	echo hello >request
	alike 1 client socat - TCP:127.0.0.1:PORT
	alike 1 server socat -u TCP-LISTEN:PORT,bind=127.0.0.1 STDOUT
}

@test "a trace of python differs by the options alone" {
	needs_marker
	needs_python
	alike 1 client "$PYTHON" -c 'import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:PORT/").read())'
}

web_server() {
	cat >nginx.conf <<-END
		daemon off;
		master_process off;
		pid nginx.pid;
		error_log stderr;
		events { }
		http {
			access_log off;
			client_body_temp_path body;
			proxy_temp_path proxy;
			fastcgi_temp_path fastcgi;
			uwsgi_temp_path uwsgi;
			scgi_temp_path scgi;
			server { listen 127.0.0.1:$PORT; location / { return 200 hello; } }
		}
	END
	rm -f nginx.pid
	start_plain timeout "$PATIENCE" "${TRACED[@]}" nginx -p "$PWD" -c "$PWD/nginx.conf" -e stderr
	wait_for listens
	in_scene curl -s "http://127.0.0.1:$PORT/" | grep -q hello || fail "control: $(cat log)" || return
	in_scene kill -QUIT "$(cat nginx.pid)"
	wait "$PID"
}

@test "a trace of nginx differs by the options alone" {
	needs_marker nginx curl
	alike 1 web_server
}
