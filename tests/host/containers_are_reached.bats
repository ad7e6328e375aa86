#!/usr/bin/env bats
# bats file_tags=alone
# SPDX-License-Identifier: MIT
# Programs in a container whose image knows nothing of kashim: kashim status, apply and watch on the host see them and put the
# policy on their sockets, by rules that name the programs as they are called in there. runc makes the container.
# shellcheck disable=SC2030,SC2031 # each test is a process of its own, and means its own

load ../lib/live
load ../lib/play
load ../lib/status

BUNDLE=

# The container is ended with its processes, also where a test fails.
teardown() {
	[ -z "$BUNDLE" ] || runc --root "$BUNDLE/state" delete -f "$CONTAINER" >/dev/null 2>&1 || :
	end "${STARTED[@]}"
}

# A program that connects to itself, says so, and stays: in C for any libc, and in Go.
write_programs() {
	cat >self.c <<-'END'
		#include <arpa/inet.h>
		#include <stdio.h>
		#include <sys/socket.h>
		#include <unistd.h>

		int main(void)
		{
			struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
			socklen_t size = sizeof(at);
			int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);

			if (bind(server, (struct sockaddr *)&at, size) || listen(server, 4) || getsockname(server, (struct sockaddr *)&at, &size) ||
			    connect(client, (struct sockaddr *)&at, size) || accept(server, NULL, NULL) == -1)
				perror("self");
			for (;;)
				pause();
		}
	END
	cat >rest.c <<-'END'
		#include <unistd.h>

		int main(void)
		{
			for (;;)
				pause();
		}
	END
}

# In the container, programs lie in a directory that is this test's alone, since kashim watch looks at the whole host.
open_container() {
	needs_root
	needs runc cc python3
	BUNDLE=$PWD
	CONTAINER=kashim-test-$$
	PLACE=/opt/of-test-$$
	mkdir -p "root$PLACE" root/proc root/dev root/lib
	write_programs
	compiler -static -o "root$PLACE/rest" rest.c
	compiler -static -o "root$PLACE/static" self.c
	runc spec
	python3 - "$PLACE" <<-'END'
		import json, sys
		with open("config.json") as file:
		    spec = json.load(file)
		spec["process"].update(terminal=False, args=[sys.argv[1] + "/rest"])
		spec["root"] = {"path": "root", "readonly": False}
		for key in "resources", "cgroupsPath":
		    spec["linux"].pop(key, None)
		spec["mounts"] = [mount for mount in spec["mounts"] if mount["type"] not in ("cgroup", "mqueue")]
		with open("config.json", "w") as file:
		    json.dump(spec, file)
	END
	runc --root "$BUNDLE/state" run -d --pid-file first "$CONTAINER" </dev/null >runc.log 2>&1 3>&- || skip "needs runc: $(head -n 1 runc.log)"
	FIRST=$(cat first)
	nsenter --net --target "$FIRST" ip link set lo up
	printf 'defaults: { mode = "off"; };\nrules = ( { program = "%s/*"; mode = "tighten"; idle = 33; interval = 11; count = 5; } );\n' \
		"$PLACE" >k.conf
}

# Start a program in there; PID is its number out here.
run_inside() {
	runc --root "$BUNDLE/state" exec -d --pid-file pid "$CONTAINER" "$PLACE/$1" </dev/null >>runc.log 2>&1 3>&- || fail "$(cat runc.log)" || return
	PID=$(cat pid)
	wait_for has "$PID" listen established
}

add_musl() {
	local loader
	loader=/lib/ld-musl-$(uname -m).so.1
	needs musl-gcc
	[ -e "$loader" ] || skip "needs musl: there is no $loader"
	musl-gcc -o "root$PLACE/musl" self.c
	cp -L "$loader" root/lib/
}

add_go() {
	needs_go
	sed -i -e 's/os.Args\[1\]/"127.0.0.1:4711"/g' -e '/^[[:blank:]]*"os"$/d' program.go
	CGO_ENABLED=0 go build -o "root$PLACE/go" program.go 2>go.log || skip "go cannot build: $(head -n 1 go.log)"
}

# The kernel's own view, in the network namespace of the container: each established connection has a keepalive timer.
ss_sees_timers() {
	local lines
	lines=$(nsenter --net --target "$FIRST" ss -Htno state established)
	[ -n "$lines" ] || fail "no connection" || return
	not grep -v 'timer:(keepalive' <<<"$lines"
}

@test "status and apply reach a static program in a container" {
	open_container
	run_inside static
	not ss_sees_timers
	kashim status "$PID" >out
	grep -qE "^ *$PID +static +127.0.0.1:[0-9]+ .* off +7200s .* static: kashim apply$" out || fail "$(cat out)"
	kashim apply "$PID" >out
	grep -qx '3 sockets of 1 process changed' out || fail "$(cat out)"
	ss_sees_timers
	all_are "$POLICY" "$PID"
}

watch_it() {
	"$COMMAND" watch --conf k.conf --every 1s --metrics m.prom >watch.log 2>&1 3>&- &
	STARTED+=("$!")
	wait_for test -e m.prom || fail "$(cat watch.log)"
}

@test "watch reaches a static program in a container from its first connection on" {
	open_container
	watch_it
	run_inside static
	wait_for all_are "$POLICY" "$PID"
	ss_sees_timers
}

@test "watch reaches a musl program in a container" {
	open_container
	add_musl
	watch_it
	run_inside musl
	wait_for all_are "$POLICY" "$PID"
	ss_sees_timers
}

@test "watch reaches a Go program in a container" {
	open_container
	add_go
	watch_it
	run_inside go
	# Its own 15 seconds are shorter; interval and count are the policy's.
	wait_for established_are 1/15/11/5
	ss_sees_timers
}

established_are() {
	[ "$(timers_of "$PID" established | sort -u)" = "$1" ]
}

@test "watch goes on when a container ends, and forgets its network namespace" {
	open_container
	watch_it
	run_inside static
	netns=$(readlink "/proc/$FIRST/ns/net" | tr -dc 0-9)
	wait_for grep -q "netns=\"$netns\"" m.prom
	runc --root "$BUNDLE/state" delete -f "$CONTAINER" >/dev/null 2>&1 || :
	wait_for gone_from_metrics
	[ -s m.prom ]
	# Nothing of ours keeps it.
	not grep -l "net:\[$netns\]" <(readlink /proc/[0-9]*/ns/net /proc/[0-9]*/fd/* 2>/dev/null)
}

gone_from_metrics() {
	not grep -q "netns=\"$netns\"" m.prom
}
