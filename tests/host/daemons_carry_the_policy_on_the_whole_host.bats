#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A host whose every program loads the library does its work: daemons with privilege separation, PAM, helpers and reloads,
# sessions in it, the package manager, a compiler. All TCP sockets carry the policy. The control is the same without the
# line in /etc/ld.so.preload.

load ../lib/live
load ../lib/host

setup_file() {
	install_image
}

# With the line in /etc/ld.so.preload, or without.
open_host_with() {
	open_host
	# Some of them have times of their own, which may be shorter.
	sed 's/"tighten"/"force"/' k.conf >"$HOST_ROOT/etc/kashim.conf"
	in_host kashim compile >/dev/null
	[ "$1" = nothing ] || in_host kashim system enable >/dev/null
	[ "$1" = nothing ] || [ -s "$HOST_ROOT/etc/ld.so.preload" ]
}

listens() {
	[ -n "$(in_host ss -Htln "sport = :$1")" ]
}

# So many connections to this port, both ends of each counted.
connected() {
	[ "$(in_host ss -Htn state established "( sport = :$1 or dport = :$1 )" | wc -l)" -ge "$2" ]
}

start_redis() {
	start_in_host redis redis-server --port 6379 --save '' --appendonly no
	wait_for listens 6379
}

start_postgres() {
	local postgres
	postgres=$(find /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
	in_host su postgres -c "${postgres%/*}/initdb -D /tmp/database -A trust --no-sync" >initdb.log 2>&1 || fail "$(cat initdb.log)"
	start_in_host postgres su postgres -c "$postgres -D /tmp/database -p 5432 -k /tmp"
	wait_for listens 5432
}

# Its configuration is read again, and other workers serve.
start_nginx() {
	local worker also='listen [::]:80;'
	[ -z "$(lack_of ipv6)" ] || also=
	mkdir "$HOST_ROOT/tmp/www"
	cat >"$HOST_ROOT/tmp/nginx.conf" <<-END
		user www-data; worker_processes 2; pid /run/nginx.pid; error_log /tmp/nginx.log;
		events { }
		http { access_log off; server { listen 80; $also root /tmp/www; limit_rate 100k; } }
	END
	in_host nginx -c /tmp/nginx.conf
	wait_for listens 80
	worker=$(in_host pgrep -n nginx)
	in_host nginx -c /tmp/nginx.conf -s reload
	wait_for is_over "$worker"
	# shellcheck disable=SC2016 # that shell's
	start_in_host browser bash -c 'exec 3<>/dev/tcp/127.0.0.1/80
		printf "GET / HTTP/1.1\r\nHost: host\r\n\r\n" >&3; read -r line <&3; echo "$line"; sleep 300'
	wait_for grep -q '^HTTP/1.1 403' browser.log
}

is_over() {
	! in_host kill -0 "$1" 2>/dev/null
}

# The host's own configuration, with PAM; a user's session, in which psql is at work.
start_sshd() {
	in_host useradd -m -s /bin/bash alice
	in_host ssh-keygen -q -t ed25519 -N '' -f /root/key
	mkdir -p "$HOST_ROOT/run/sshd" "$HOST_ROOT/home/alice/.ssh"
	cp "$HOST_ROOT/root/key.pub" "$HOST_ROOT/home/alice/.ssh/authorized_keys"
	in_host ssh-keygen -A >/dev/null
	start_in_host sshd "$(command -v sshd)" -D -e -o UsePAM=yes -p 22
	wait_for listens 22
	start_in_host session ssh -tt -i /root/key -o StrictHostKeyChecking=no -o BatchMode=yes alice@127.0.0.1 \
		"psql -h 127.0.0.1 -U postgres -c 'select pg_sleep(300)'"
	wait_for connected 22 2 || fail "$(cat sshd.log session.log)"
	wait_for connected 5432 2 || fail "$(cat session.log)"
}

start_cron() {
	printf '@reboot alice redis-cli -h 127.0.0.1 subscribe jobs\n' >"$HOST_ROOT/etc/cron.d/job"
	start_in_host cron cron -f
	wait_for connected 6379 2 || fail "$(cat cron.log)"
}

# What sockets_of says of all the host's TCP sockets, in `sockets`; that there are some of these programs.
look_at_host() {
	local pid program
	for pid in $(processes_of_host); do
		sockets_of "$pid" 2>/dev/null | sed "s/^/$(cat "/proc/$pid/comm") /"
	done >sockets
	for program; do
		grep -q "^$program " sockets || fail "no socket of $program: $(cat sockets)" || return
	done
}

needs_daemons() {
	needs ssh sshd ssh-keygen nginx redis-server redis-cli psql cron bash useradd pgrep
}

daemons_at_work() {
	local expected=20
	# Each listener has one for IPv6, too.
	[ -z "$(lack_of ipv6)" ] || expected=15
	start_redis
	start_postgres
	start_nginx
	start_sshd
	start_cron
	look_at_host redis-server redis-cli postgres psql nginx sshd ssh
	[ "$(wc -l <sockets)" -ge "$expected" ] || fail "$(cat sockets)"
}

@test "all sockets of sshd, nginx, redis, postgres and cron carry the policy of the host" {
	needs_daemons
	open_host_with line
	daemons_at_work
	not grep -v ' keepalive=1 idle=33 interval=11 count=5 ' sockets
	in_host kashim status --unprotected >out || fail "$(cat out)"
	[ ! -s out ] || fail "$(cat out)"
	not grep -h 'ld\.so' ./*.log
}

@test "none of the host's daemons carries the policy without the line: the control" {
	needs_daemons
	open_host_with nothing
	daemons_at_work
	not grep ' keepalive=1 idle=33 interval=11 count=5 ' sockets
	not in_host kashim status --unprotected >out
	# Processes that share a socket are one line.
	[ "$(tail -n +2 out | wc -l)" -eq "$(grep -o ' local=.* peer=[^ ]*' sockets | sort -u | wc -l)" ] || fail "$(cat out sockets)"
}

# A repository, which nginx serves slowly: a package that takes seconds to come.
serve_packages() {
	local package=$HOST_ROOT/tmp/www/large.deb
	mkdir -p large/DEBIAN large/opt
	head -c 400000 /dev/urandom >large/opt/large
	printf 'Package: large\nVersion: 1\nArchitecture: all\nMaintainer: nobody\nDescription: large\n' >large/DEBIAN/control
	dpkg-deb --root-owner-group -b large "$package" >/dev/null
	{
		dpkg-deb -f "$package"
		printf 'Filename: ./large.deb\nSize: %s\nSHA256: %s\n' "$(stat -c %s "$package")" "$(sha256sum <"$package" | cut -d ' ' -f 1)"
	} >"$HOST_ROOT/tmp/www/Packages"
	echo 'deb [trusted=yes] http://127.0.0.1/ ./' >"$HOST_ROOT/tmp/sources"
}

apt_in_host() {
	start_in_host apt apt-get -q -y -o Dir::Etc::SourceList=/tmp/sources -o Dir::Etc::SourceParts=- -o Acquire::Languages=none "$@"
}

ended_well() {
	wait "${STARTED[-1]}" || fail "$(cat ./*.log)"
}

@test "apt and dpkg do their work, and apt's helper carries the policy" {
	needs nginx apt-get dpkg-deb bash pgrep
	open_host_with line
	start_nginx
	serve_packages
	apt_in_host update
	ended_well
	apt_in_host install large
	wait_for connected 80 4
	look_at_host http nginx
	not grep -v ' keepalive=1 idle=33 interval=11 count=5 ' sockets
	ended_well
	[ -e "$HOST_ROOT/opt/large" ]
	not grep -h 'ld\.so\|^[WE]:' apt.log
	in_host dpkg --purge large
	[ ! -e "$HOST_ROOT/opt/large" ]
	in_host dpkg --audit
}

@test "kashim itself compiles on a host that loads it, and the loader says nothing" {
	open_host_with line
	mkdir "$HOST_ROOT/tmp/tree"
	cp -R "$ROOT"/{conf,shim,scripts,Makefile} "$HOST_ROOT/tmp/tree"
	in_host make -s -j2 -C /tmp/tree CFLAGS=-O0 CC=cc >out 2>&1 || fail "$(cat out)"
	not grep -v '^  [A-Z]' out
	in_host /tmp/tree/build/kashim check
}
