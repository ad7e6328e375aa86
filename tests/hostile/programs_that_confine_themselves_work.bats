#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Real programs that confine themselves or others: each does its work under the shim as without, its sockets carry the
# policy, and the kernel says that the confinement is there.

load ../lib/live
load ../lib/play
load ../lib/sandbox
load ../lib/ssh

# One of the processes below is under a seccomp filter, and has a connection.
CONFINED=
finds_confined() {
	local pid
	for pid in $(family_of "$1"); do
		if grep -qsx 'Seccomp:	2' "/proc/$pid/status" && has "$pid" established; then
			CONFINED=$pid
			return
		fi
	done
	return 1
}

onion_router() {
	local tor
	mkdir -pm 700 tor
	cat >torrc <<-END
		SocksPort 127.0.0.1:$PORT
		DataDirectory $PWD/tor
		Sandbox 1
		DisableNetwork 0
		Log notice stdout
	END
	start tor -f torrc
	tor=$PID
	wait_for listens
	wait_for grep -q 'Bootstrapped 0%' log
	start_plain nc.openbsd 127.0.0.1 "$PORT"
	wait_for finds_confined "$tor"
	[ "$CONFINED" = "$tor" ]
	expect_policy "$tor" listen established
	# It goes on to serve: this is no SOCKS request.
	printf 'GET / HTTP/1.0\r\n\r\n' | in_scene timeout "$PATIENCE" nc.openbsd 127.0.0.1 "$PORT" | grep -q 'not an HTTP Proxy'
	has "$tor" listen established
}

@test "tor works with Sandbox 1" {
	needs tor nc.openbsd
	needs_scene
	under_the_shim_and_without onion_router
}

secure_shell() {
	local server
	start_sshd
	server=$PID
	# Until it knows who that is, sshd has a child that a wrong system call kills.
	# shellcheck disable=SC2016 # for the bash that is started
	start_plain bash -c 'exec 5<>"/dev/tcp/127.0.0.1/$1"; echo SSH-2.0-nobody >&5; read -r' bash "$PORT"
	wait_for finds_confined "$server"
	expect_policy "$CONFINED" established
	end "$PID"
	wait_for is_gone "$CONFINED"
	start_ssh
	wait_for is_session "$server"
	expect_policy "$(children_of "$server")" established
	expect_policy "$server" listen
}

@test "sshd confines its child before authentication, and a login works after that" {
	needs_root
	needs_ssh
	under_the_shim_and_without secure_shell
}

@test "man works, whose helpers are under a filter" {
	local page=$ROOT/scripts/kashim.1
	needs man nroff strace
	strace -f -o trace man -l "$page" >plain 2>&1
	grep -q 'seccomp(\|PR_SET_SECCOMP' trace || skip "this man has no filter"
	"${WRAPPED[@]}" man -l "$page" >wrapped 2>&1
	cmp plain wrapped
	grep -q 'KASHIM_CONF' plain
}

bubble() {
	local house=(bwrap --unshare-user --unshare-pid --die-with-parent --ro-bind "$ROOT/build" "$ROOT/build" --ro-bind "$PWD" "$PWD")
	local directory
	for directory in /usr /bin /lib /lib32 /lib64; do
		[ ! -e "$directory" ] || house+=(--ro-bind "$directory" "$directory")
	done
	play_with "${house[@]}" "$@"
	PID=$(family_of "$PID" | tail -n 1)
}

@test "bubblewrap works with neither /proc nor /etc" {
	needs bwrap user-namespaces mount-namespaces
	policy <<<'defaults: { idle = 33; interval = 11; count = 5; }; rules = ( { program = "sshd"; mode = "off"; }, { argument = "xyz"; } );'
	bubble "$PLAY" 'a socket inet' 'b socket inet6'
	have a "$POLICY" b "$POLICY"
	unwrap
	bubble "$PLAY" 'a socket inet' 'b socket inet6'
	have a "$UNTOUCHED" b "$UNTOUCHED"
}

# Landlock lets through what is needed to start, and no TCP to other ports than this.
landlocked() {
	play_with "$PYTHON" "$ROOT/tests/lib/inside/landlock.py" "$PORT" / -- "$@" "$PLAY" 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' \
		'c socket inet' "c connect 127.0.0.1 $PORT" 'b accept a' 'd socket inet' 'd connect 127.0.0.1 1'
	grep -qx 'd connect 127.0.0.1 1: -1 EACCES' log
}

@test "a program works that confines itself by Landlock" {
	needs landlock
	needs_python
	take_port
	unwrap
	landlocked
	have a "$UNTOUCHED" b "$UNTOUCHED" c "$UNTOUCHED"
	cp log plain
	landlocked "${WRAPPED[@]}"
	have a "$POLICY" b "$POLICY" c "$POLICY"
	cmp plain log
}

# What the policy is in cannot be read: it is as if the program were not wrapped.
@test "a program works that Landlock hides the configuration from" {
	local see=() directory
	needs landlock
	needs_python
	for directory in /usr /bin /lib /lib64 /etc/ld.so.cache "$ROOT/build"; do
		[ ! -e "$directory" ] || see+=("$directory")
	done
	same_end "$PYTHON" "$ROOT/tests/lib/inside/landlock.py" 1 "${see[@]}" -- "$PLAY" 'a socket inet' exec true
}

@test "a program works with no new privileges and in a user namespace of its own" {
	needs setpriv user-namespaces
	unwrap
	play_with setpriv --no-new-privs unshare --user --map-root-user "${WRAPPED[@]}" "$PLAY" 'a socket inet'
	have a "$POLICY"
	play_with setpriv --no-new-privs unshare --user --map-root-user "$PLAY" 'a socket inet'
	have a "$UNTOUCHED"
}
