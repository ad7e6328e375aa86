#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Libraries that are preloaded besides the shim do their work, in front of it or behind; and sockets carry the policy.

load ../lib/live
load ../lib/callers

# Both orders, in each: the shim, and a library by its path.
in_both_orders() {
	local library=$1 list
	shift
	[ -e "$library" ] || skip "$library is not installed"
	for list in "$library:$SHIM" "$SHIM:$library"; do
		WRAPPED=(env "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$list")
		echo "LD_PRELOAD=$list"
		under_the_shim "$@"
		end_scene
	done
	unwrap
}

library_of() {
	local path
	path=$(ldconfig -p | sed -n "s/^[[:space:]]*$1 (.*x86-64.*) => //p" | head -n 1)
	echo "${path:-/usr/lib/$1}"
}

# Both are in there, and nobody says a word.
is_loaded() {
	makes "$2" three
	grep -q "$1" "/proc/$PID/maps"
	grep -q libkashim "/proc/$PID/maps"
	diff <(echo ready) log
}

own() {
	needs cc
	cc -D_GNU_SOURCE -shared -fPIC "$@" -o own.so "$ROOT/tests/lib/preload/interposer.c"
}

uses_both() {
	is_loaded own.so "$1"
	[ "$(sockets_of "$PID" | grep -c nodelay=1)" -ge 2 ] || fail "$(sockets_of "$PID")"
}

@test "a library that interposes socket() itself and asks for the next keeps working" {
	own
	in_both_orders "$PWD/own.so" uses_both 3
}

# Three of the program, one that malloc() opened in a constructor.
@test "a library whose malloc() opens sockets keeps working" {
	own -DMALLOC
	in_both_orders "$PWD/own.so" uses_both 4
}

# Threads allocate when they like, so that it is not known how many sockets there are besides the program's own.
all_carry_it() {
	call "$2"
	wait_for all_are "$POLICY" "$PID"
	[ "$(timers_of "$PID" | wc -l)" -ge "$1" ]
}

@test "a malloc() that opens sockets keeps working with threads and a changing environment" {
	own -DMALLOC
	in_both_orders "$PWD/own.so" all_carry_it 300 threads
	in_both_orders "$PWD/own.so" all_carry_it 50 changed
}

own_symbol() {
	: >log
	start ./own
	expect 9 "$PID"
	[ "$(sockets_of "$PID" | grep -c nodelay=1)" -ge 6 ] || fail "$(sockets_of "$PID")"
}

# Nine: from .preinit_array, a constructor and main.
@test "a program that exports a socket() of its own and asks for the next keeps working" {
	needs cc
	cc -D_GNU_SOURCE -o own "$ROOT/tests/lib/inside/early_sockets.c" "$ROOT/tests/lib/preload/interposer.c"
	under_the_shim_and_without own_symbol
}

@test "jemalloc keeps working beside the shim" {
	in_both_orders "$(library_of libjemalloc.so.2)" is_loaded jemalloc 3
	needs_python
	in_both_orders "$(library_of libjemalloc.so.2)" allocates
}

allocates() {
	"${WITH[@]}" MALLOC_CONF=stats_print:true "$PYTHON" -c 'import socket; socket.socket()' 2>stats
	grep -q 'Begin jemalloc statistics' stats
}

@test "libeatmydata keeps working beside the shim" {
	needs strace
	needs_python
	in_both_orders "$(library_of libeatmydata.so.1)" is_loaded eatmydata 3
	sync_file
	grep -q fsync trace || fail "control: no fsync"
	in_both_orders "$(library_of libeatmydata.so.1)" eats
}

sync_file() {
	strace -f -o trace "${WITH[@]}" "$PYTHON" -c 'import os, socket; socket.socket(); os.fsync(os.open("file", os.O_CREAT))'
	grep -q AF_INET trace
}

eats() {
	sync_file
	not grep fsync trace
}

# In front of the shim it sets its options last, behind the shim first. In force that is one and the same.
@test "libkeepalive loses in force, the last call counts in suggest, the smaller value in tighten" {
	local other
	other=$(library_of libkeepalive.so.0)
	export KEEPIDLE=50 KEEPINTVL=5 KEEPCNT=4
	CARRIES=1/33/5/4 in_order "$other:$SHIM"
	CARRIES=$POLICY in_order "$SHIM:$other"
	printf 'defaults: { mode = "force"; idle = 33; interval = 11; count = 5; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	CARRIES=$POLICY in_both_orders "$other" carries_it
	printf 'defaults: { mode = "suggest"; idle = 33; interval = 11; count = 5; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	CARRIES=1/50/5/4 in_order "$other:$SHIM"
	CARRIES=$POLICY in_order "$SHIM:$other"
	CARRIES=1/50/5/4 in_order "$other"
}

@test "libdontdie loses in force, the last call counts in suggest, the smaller value in tighten" {
	local other
	other=$(library_of libdontdie.so.0)
	export DD_TCP_KEEPALIVE_TIME=50 DD_TCP_KEEPALIVE_INTVL=5 DD_TCP_KEEPALIVE_PROBES=4
	CARRIES=1/33/5/4 in_order "$other:$SHIM"
	CARRIES=$POLICY in_order "$SHIM:$other"
	printf 'defaults: { mode = "force"; idle = 33; interval = 11; count = 5; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	CARRIES=$POLICY in_both_orders "$other" carries_it
	printf 'defaults: { mode = "suggest"; idle = 33; interval = 11; count = 5; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	CARRIES=1/50/5/4 in_order "$other:$SHIM"
	CARRIES=$POLICY in_order "$SHIM:$other"
	CARRIES=1/50/5/4 in_order "$other"
}

in_order() {
	WRAPPED=(env "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$1")
	under_the_shim carries_it
}

carries_it() {
	call three
	expect 3 "$PID" "$CARRIES"
}

# A SOCKS server, version 4 and 5, that answers for any address by itself.
SOCKS='import socket, sys, threading
def take(client):
    head = client.recv(2)
    if head[0] == 5:
        client.recv(head[1])
        client.sendall(b"\x05\x00")
        client.recv(300)
        client.sendall(b"\x05\x00\x00\x01" + bytes(6))
    else:
        client.recv(300)
        client.sendall(b"\x00\x5a" + bytes(6))
    client.sendall(b"behind the proxy\n")
    client.recv(1)
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=take, args=server.accept()[:1], daemon=True).start()'

CLIENT='import socket, sys
client = socket.socket()
client.connect(("10.99.99.99", 80))
print(client.recv(100).decode(), flush=True)
client.recv(1)'

serve_socks() {
	needs_python
	needs_scene
	take_port
	start_plain "$PYTHON" -c "$SOCKS" "$PORT"
	wait_for has "$PID" listen
}

# The connection is that to the proxy, and carries the policy.
goes_through() {
	local port=$PORT
	serve_socks
	printf 'strict_chain\n[ProxyList]\nsocks5 127.0.0.1 %s\n' "$PORT" >proxychains.conf
	printf 'server = 127.0.0.1\nserver_port = %s\nserver_type = 5\n' "$PORT" >tsocks.conf
	: >log
	start env PROXYCHAINS_CONF_FILE="$PWD/proxychains.conf" PROXYCHAINS_QUIET_MODE=1 TSOCKS_CONF_FILE="$PWD/tsocks.conf" \
		"$PYTHON" -c "$CLIENT"
	log_says 'behind the proxy'
	expect 1 "$PID"
	[ "$(sockets_of "$PID" | grep -c "peer=127.0.0.1:$PORT ")" = 1 ] || fail "$(sockets_of "$PID")"
	PORT=$port
}

@test "proxychains4 keeps working beside the shim" {
	in_both_orders "$(library_of libproxychains.so.4)" goes_through
}

@test "tsocks keeps working beside the shim" {
	in_both_orders "$(library_of libtsocks.so.1)" goes_through
}

@test "fakeroot keeps working beside the shim" {
	needs fakeroot
	needs_python
	under_the_shim fakes_root fakeroot --
	# Behind the shim, by its own command.
	# shellcheck disable=SC2034 # live.bash reads it
	WRAPPED=(fakeroot -- env "KASHIM_CONF=$PWD/k.conf")
	under_the_shim fakes_root sh -c "LD_PRELOAD=$SHIM:\$LD_PRELOAD exec \"\$@\"" sh
}

fakes_root() {
	local second=AF_INET6
	[ -z "$(lack_of ipv6)" ] || second=AF_INET
	: >log
	rm -f device
	start "$@" "$PYTHON" -c 'import os, socket, stat, sys, time
os.mknod("device", stat.S_IFCHR | 0o600, os.makedev(1, 3))
sockets = [socket.socket(), socket.socket(getattr(socket, sys.argv[1]))]
print(stat.S_ISCHR(os.stat("device").st_mode), os.geteuid(), flush=True)
time.sleep(60)' "$second"
	log_says 'True 0'
	wait_for expect_in_family 2
	[ -f device ] || fail "$(stat device)"
}

expect_in_family() {
	local pid
	for pid in $(family_of "$PID"); do
		[ "$(timers_of "$pid" | sort | uniq -c | tr -s ' ')" != " $1 $POLICY" ] || return 0
	done
	return 1
}

# Time stands still: what waits for the compiler's child must not wait for the clock alone.
@test "libfaketime keeps working beside the shim" {
	local other
	other=$(find /usr/lib -path '*faketime/libfaketime.so.1' 2>/dev/null | head -n 1)
	needs_python
	printf 'defaults: { idle = 44; interval = 11; count = 5; };\n' >k.conf
	in_both_orders "${other:-libfaketime.so.1}" fakes_time
}

fakes_time() {
	: >log
	start env 'FAKETIME=2001-02-03 04:05:06' "$PYTHON" -c 'import socket, time
sockets = [socket.socket(), socket.socket()]
print(time.gmtime().tm_year, flush=True)
while True: time.sleep(60)'
	log_says 2001
	expect 2 "$PID" 1/44/11/5
}
