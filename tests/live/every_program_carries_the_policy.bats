#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Unmodified programs, as clients and as servers. Each scene is played under the shim, where each TCP socket shows the
# policy, and again without, where it does not.

load ../lib/live
load ../lib/ssh

# A silent server and a silent client that are no part of what is tested.
plain_server() {
	start_plain nc.openbsd -lk 127.0.0.1 "$PORT"
	wait_for listens
}

plain_client() {
	start_plain nc.openbsd 127.0.0.1 "$PORT"
}

netcat() {
	local server client
	start nc.openbsd -lk 127.0.0.1 "$PORT"
	server=$PID
	wait_for listens
	start nc.openbsd 127.0.0.1 "$PORT"
	client=$PID
	expect_policy "$server" listen established
	expect_policy "$client" established
}

@test "the netcat of OpenBSD carries the policy as client and server" {
	needs nc.openbsd
	under_the_shim_and_without netcat
}

socat_pair() {
	local family=$1 address=$2 server client
	start socat -u "$family-LISTEN:$PORT,reuseaddr,fork" PIPE
	server=$PID
	wait_for listens
	start socat "$family:$address:$PORT" STDIO
	client=$PID
	expect_policy "$client" established
	wait_for has_child "$server"
	expect_policy "$server" listen
	expect_policy "$(children_of "$server")" established
}

@test "socat carries the policy as client and forking server over IPv4" {
	needs socat
	under_the_shim_and_without socat_pair TCP4 127.0.0.1
}

@test "socat carries the policy as client and forking server over IPv6" {
	needs ipv6
	needs socat
	under_the_shim_and_without socat_pair TCP6 '[::1]'
}

python_sockets() {
	local server client
	start "$PYTHON" -c '
import socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
connection, peer = server.accept()
time.sleep(60)' "$PORT"
	server=$PID
	wait_for listens
	start "$PYTHON" -c '
import socket, sys, time
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
time.sleep(60)' "$PORT"
	client=$PID
	expect_policy "$server" listen established
	expect_policy "$client" established
}

@test "python sockets carry the policy as client and server" {
	needs_python
	under_the_shim_and_without python_sockets
}

python_asyncio() {
	local server client
	start "$PYTHON" -c '
import asyncio, sys
async def serve(reader, writer):
	await reader.read()
async def main():
	await asyncio.start_server(serve, "localhost", int(sys.argv[1]))
	await asyncio.sleep(60)
asyncio.run(main())' "$PORT"
	server=$PID
	wait_for listens
	start "$PYTHON" -c '
import asyncio, sys
async def main():
	connection = await asyncio.open_connection("localhost", int(sys.argv[1]))
	await asyncio.sleep(60)
asyncio.run(main())' "$PORT"
	client=$PID
	expect_policy "$server" listen established
	expect_policy "$client" established
}

@test "python asyncio carries the policy as client and server" {
	needs_python
	under_the_shim_and_without python_asyncio
}

curl_waits() {
	plain_server
	start curl -s "http://127.0.0.1:$PORT/"
	expect_policy "$PID" established
	[ ${#WITH[@]} -gt 0 ] || all_are 1/60/60/9 "$PID" || fail "curl does not set its own 60 s any more"
}

@test "curl carries the policy, and its own 60 seconds give way" {
	needs curl nc.openbsd
	under_the_shim_and_without curl_waits
}

perl_sockets() {
	local server client
	# shellcheck disable=SC2016 # perl's own variables
	start perl -MIO::Socket::INET -e '
$server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => shift, Listen => 5, ReuseAddr => 1) or die;
$connection = $server->accept;
sleep 60' "$PORT"
	server=$PID
	wait_for listens
	# shellcheck disable=SC2016 # perl's own variables
	start perl -MIO::Socket::INET -e '
$connection = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => shift) or die;
sleep 60' "$PORT"
	client=$PID
	expect_policy "$server" listen established
	expect_policy "$client" established
}

@test "perl IO::Socket carries the policy as client and server" {
	needs perl
	under_the_shim_and_without perl_sockets
}

bash_redirection() {
	plain_server
	# shellcheck disable=SC2016 # for the bash that is tested
	start bash -c 'exec 5<>"/dev/tcp/127.0.0.1/$1"; read -r -u 5' bash "$PORT"
	expect_policy "$PID" established
}

@test "bash carries the policy as a client of /dev/tcp" {
	needs nc.openbsd
	under_the_shim_and_without bash_redirection
}

secure_shell() {
	local server client
	start_sshd
	server=$PID
	start_ssh
	client=$PID
	wait_for is_session "$server"
	expect_policy "$client" established
	expect_policy "$server" listen
	expect_policy "$(children_of "$server")" established
}

@test "openssh carries the policy as client and server of a session" {
	needs_ssh
	under_the_shim_and_without secure_shell
}

web_server() {
	local master worker
	cat >nginx.conf <<-END
		daemon off;
		master_process on;
		worker_processes 1;
		pid nginx.pid;
		error_log stderr;
		$([ "$(id -u)" != 0 ] || echo "user root;")
		events { }
		http {
			access_log off;
			client_body_temp_path body;
			proxy_temp_path proxy;
			fastcgi_temp_path fastcgi;
			uwsgi_temp_path uwsgi;
			scgi_temp_path scgi;
			server { listen 127.0.0.1:$PORT; }
		}
	END
	start nginx -p "$PWD" -c "$PWD/nginx.conf" -e stderr
	master=$PID
	wait_for listens
	wait_for has_child "$master"
	plain_client
	worker=$(children_of "$master")
	expect_policy "$master" listen
	expect_policy "$worker" listen established
}

@test "nginx carries the policy in its master and its worker" {
	needs nginx nc.openbsd
	under_the_shim_and_without web_server
}

redis() {
	local server client
	start redis-server --port "$PORT" --bind 127.0.0.1 --save '' --dir "$PWD"
	server=$PID
	wait_for listens
	start redis-cli -p "$PORT" subscribe news
	client=$PID
	wait_for redis_has_subscriber
	expect_policy "$server" listen established
	expect_policy "$client" established
	[ ${#WITH[@]} -gt 0 ] || [ "$(timers_of "$server" established)" = 1/300/100/3 ] ||
		fail "redis does not set its own 300 s any more"
}

# So the server has done with the new connection whatever it does with new connections.
redis_has_subscriber() {
	in_scene redis-cli -p "$PORT" pubsub numsub news 2>/dev/null | grep -qx 1
}

@test "redis carries the policy as client and server, and its own 300 seconds give way" {
	needs redis-server redis-cli
	printf 'defaults: { mode = "force"; idle = 33; interval = 11; count = 5; };\n' >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
	under_the_shim_and_without redis
}

cache() {
	local server user=()
	[ "$(id -u)" != 0 ] || user=(-u root)
	start memcached "${user[@]}" -l 127.0.0.1 -p "$PORT" -U 0
	server=$PID
	wait_for listens
	plain_client
	expect_policy "$server" listen established
}

@test "memcached carries the policy as a threaded server" {
	needs memcached nc.openbsd
	under_the_shim_and_without cache
}

legacy_server() {
	local server client
	start busybox nc -l -p "$PORT"
	server=$PID
	wait_for listens
	expect_policy "$server" listen
	start busybox nc 127.0.0.1 "$PORT"
	client=$PID
	expect_policy "$server" established
	expect_policy "$client" established
}

@test "busybox nc carries the policy as client and server" {
	needs busybox readelf
	busybox nc 2>&1 | grep -q -- -l || skip "this busybox has no nc that listens"
	is_dynamic busybox
	under_the_shim_and_without legacy_server
}

web_of_old() {
	local server
	start busybox httpd -f -p "127.0.0.1:$PORT" -h "$PWD"
	server=$PID
	wait_for listens
	plain_client
	wait_for has_child "$server"
	expect_policy "$server" listen
	expect_policy "$(children_of "$server")" established
}

@test "busybox httpd carries the policy as a forking server" {
	needs busybox nc.openbsd readelf
	busybox --list | grep -qx httpd || skip "this busybox has no httpd"
	is_dynamic busybox
	under_the_shim_and_without web_of_old
}

is_dynamic() {
	readelf -l "$(readlink -f "$(command -v "$1")")" | grep -q INTERP || skip "$1 is static"
}
