#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# kashim system status: whether the library is loaded by default, whether it and the policy are in order, which processes
# run with it, and what needs a restart. Its exit status is for monitoring.

load ../lib/live
load ../lib/play
load ../lib/host

setup_file() {
	install_image
}

given_a_host() {
	open_host
	LIBRARY_FILE=$(echo "$HOST_ROOT"/usr/local/lib/*/libkashim.so)
	cp "$PLAY" "$HOST_ROOT/opt/old"
	cp "$PLAY" "$HOST_ROOT/opt/new"
	in_host kashim compile
}

# One that is running from now on.
run_program() {
	start_plain "${HOST[@]}" "$@"
}

status_is() {
	local expected=$1
	shift
	run_in_host kashim system status "$@"
	[ "$RESULT" -eq "$expected" ] || fail "status $RESULT: $(cat out err)"
}

says() {
	grep -qE -e "$1" out || fail "not \"$1\": $(cat out)"
}

are_ready() {
	[ "$(grep -cx ready log)" = "$1" ]
}

@test "system status is right before enable, after it, after an upgrade and after disable" {
	given_a_host
	run_program /opt/old 'a socket unix'
	run_program /opt/old 'a socket unix'
	status_is 1
	says '^enabled    no: '
	says '^library    .*/libkashim\.so: in order$'
	says '^policy     /etc/kashim.policy: current, 0 rules'
	not grep restart out
	in_host kashim system enable >enabled
	run_program /opt/new 'a socket unix'
	wait_for are_ready 3
	status_is 0
	says '^enabled    yes: /etc/ld.so.preload loads /usr/local/.*libkashim\.so$'
	says '^restart    .*old \(2\)'
	not grep '^restart.*new' out
	cp "$LIBRARY_FILE" "$LIBRARY_FILE.new"
	mv "$LIBRARY_FILE.new" "$LIBRARY_FILE"
	status_is 0
	says '^processes  .* with an older one'
	says '^restart    .*new'
	in_host kashim system disable >disabled
	status_is 1
	says '^enabled    no'
	says '^restart    new$'
}

@test "programs that no library reaches, and those with another root, need no restart" {
	given_a_host
	build_static
	cp static "$HOST_ROOT/opt/gate"
	mkdir "$HOST_ROOT/opt/root"
	run_program /opt/gate 'a socket unix'
	run_program unshare --mount sh -euc '
		mount -t tmpfs tmpfs /opt/root
		mkdir /opt/root/usr
		mount --rbind /usr /opt/root/usr
		cp /opt/old /opt/root
		ln -s usr/lib usr/lib64 /opt/root
		exec chroot /opt/root /old "a socket unix"'
	wait_for are_ready 2
	in_host kashim system enable >enabled
	status_is 0
	says '1 in containers'
	says '1 out of reach'
	not grep -E '^restart.*(gate|old)' out
}

@test "system status says what is not in order" {
	given_a_host
	in_host kashim system enable >enabled
	status_is 0
	printf 'defaults: { idle = 5; };\n' >"$HOST_ROOT/etc/kashim.conf"
	status_is 1
	says 'is not that of /etc/kashim.conf as it is now, run: kashim compile'
	in_host kashim compile
	status_is 0
	printf 'x' >"$HOST_ROOT/etc/kashim.conf"
	status_is 1
	says 'the configuration is in error'
	rm "$HOST_ROOT/etc/kashim.conf" "$HOST_ROOT/etc/kashim.policy"
	status_is 0
	says 'the built-in policy holds'
	chmod o+w "$LIBRARY_FILE"
	status_is 1
	says 'can be written by others'
	chmod o-w "$LIBRARY_FILE"
	printf '/gone/libkashim.so\n' >"$HOST_ROOT/etc/ld.so.preload"
	status_is 1
	says '/gone/libkashim.so, which is not'
	rm "$LIBRARY_FILE"
	status_is 1
	says 'is missing'
}

@test "system status speaks JSON to programs, and says what only root may know" {
	given_a_host
	needs_python
	in_host kashim system enable >enabled
	run_program /opt/new 'a socket unix'
	wait_for are_ready 1
	status_is 0 --json
	"$PYTHON" -c '
import json, sys
(host,) = json.load(open("out"))
assert host["enabled"] is True and host["line"].endswith("libkashim.so"), host
assert host["library_problem"] is None and host["policy_problem"] is None, host
assert host["loaded"] > 0 and host["without"] == host["old"] == 0, host'
	run_in_host setpriv --reuid 65534 --clear-groups kashim system status
	[ "$RESULT" -eq 0 ] || fail "$(cat out err)"
	says 'unknown, as only root may look'
}

@test "system status shows what the kernel has counted" {
	given_a_host
	status_is 1
	says '^kernel     [0-9]+ keepalive probes sent, [0-9]+ connections ended by a timer, [0-9]+ retransmission timeouts$'
	read -r _ probes _ <<<"$(grep '^kernel' out)"
	status_is 1 --json
	says "\"keepalive_probes\": $probes, \"timed_out_connections\": [0-9]+"
}
