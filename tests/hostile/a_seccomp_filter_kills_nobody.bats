#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A program that puts a seccomp filter on itself, or is started under one, lives as it does without the shim: the filter
# knows the program's own calls, and the shim's must not be missing in it.

load ../lib/live
load ../lib/play
load ../lib/sandbox

# What a server needs to go on, and what play needs to stay.
OWN=(read write accept accept4 close epoll_wait epoll_pwait exit exit_group pause ppoll)

# All that the shim may call, except for what a program cannot even be loaded without.
ADDED=(select pselect6 poll ppoll fcntl getsockopt setsockopt getsockname getpeername rt_sigprocmask rt_sigpending
	rt_sigtimedwait rt_sigaction readlink getcwd geteuid getpid ioctl sendto clone wait4 pipe2 kill alarm dup2 dup3 close_range
	clock_gettime munmap)

confined_server() {
	local connect="connect $3 $PORT"
	export WITH=("${WRAPPED[@]}")
	play "a socket $1" "a bind $3 $PORT" 'a listen' "c socket $2" "c $connect" "d socket $2" "d $connect" \
		"$(allow_alone kill "${OWN[@]}")" 'b accept a' 'b close' 'b accept a'
}

@test "a server survives that may do nothing but accept, read, write and close any more" {
	needs_filters
	take_port
	confined_server inet inet 127.0.0.1
	have a "$POLICY" b "$POLICY" c "$POLICY"
	untouched_without a b c
	# The filter is real.
	run "$PLAY" "$(allow_alone kill "${OWN[@]}")" 'a socket inet'
	[ "$status" = 159 ]
}

@test "an IPv6 or MPTCP server survives that may do nothing but serve any more" {
	needs_filters
	take_port
	confined_server inet6 inet6 ::1
	have a "$POLICY" b "$POLICY" c "$POLICY"
	untouched_without a b c
	confined_server mptcp inet 127.0.0.1
	have a "$POLICY" b "$POLICY" c "$POLICY"
}

@test "a filtered server survives whose listener came from a service manager" {
	local heir=("$PLAY" 'a fd 3' 'c socket inet' 'c connect 127.0.0.1 PORT') before
	needs_filters
	take_port
	heir=("${heir[@]/PORT/$PORT}" "$(allow_alone kill "${OWN[@]}")" 'b accept a')
	# As a service manager hands it over: the first of LISTEN_FDS is 3, as it is here.
	# shellcheck disable=SC2016 # that shell expands it
	before=("$PLAY" 'a raw' "a bind 127.0.0.1 $PORT" 'a listen' exec sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"' sh)
	unwrap
	play_with "${before[@]}" "${WRAPPED[@]}" "${heir[@]}"
	have a "$POLICY" b "$POLICY"
	play_with "${before[@]}" "${heir[@]}"
	have a "$UNTOUCHED" b "$UNTOUCHED"
}

# With the calls of a program under the filter, or with the whole program under it.
refused() {
	local error name calls
	needs_filters
	take_port
	calls=('a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c connect 127.0.0.1 $PORT" 'b accept a'
		'c set SO_KEEPALIVE 0' 'c set TCP_KEEPIDLE nowhere' 'c close' 'd socket udp')
	for name in "${ADDED[@]}"; do
		"$1" "$(refuse EPERM "$name")" "${calls[@]}"
	done
	for error in EPERM EACCES ENOSYS; do
		"$1" "$(refuse "$error" "${ADDED[@]}")" "${calls[@]}"
	done
	echo "# $COMPARED filters" >&3
}

filtered_itself() {
	same_end -- "$PLAY" "$@" exec true
}

filtered_before() {
	same_end "$PLAY" "$1" exec -- "$PLAY" "${@:2}" exec true
}

@test "a filter of the program's own may refuse calls" {
	refused filtered_itself
}

@test "a filter of the program's own may refuse calls where rules look at connections" {
	policy <<<'defaults: { mode = "suggest"; }; rules = ( { user = 7; idle = 9; }, { remote = "127.0.0.0/8"; local_port = "1-65535"; idle = 5; } );'
	refused filtered_itself
}

# What the shim asks and sets, and a program with sockets of TCP need not.
ASKED=(setsockopt getsockopt getsockname getpeername ioctl clock_gettime futex)

killed_by_no() {
	local name calls
	needs_filters
	take_port
	calls=('a socket inet' 'a connect 127.0.0.1 9' 'b socket inet6' 'b listen' 'b close')
	for name; do
		[ -n "$(numbers_of "$name")" ] || continue
		same_end -- "$PLAY" "$(refuse kill "$name")" "${calls[@]}" exec /bin/true
		[[ $(end_of "$PLAY" "$(refuse kill "$name")" "${calls[@]}" exec /bin/true) = *"status 0" ]] || fail "control: $name"
	done
}

@test "a filter of the program's own that kills who asks or sets socket options kills nobody" {
	killed_by_no "${ASKED[@]}"
}

@test "a filter that kills who asks kills nobody where rules look at connections" {
	policy <<<'rules = ( { remote = "127.0.0.0/8"; local_port = "1-65535"; idle = 5; } );'
	killed_by_no "${ASKED[@]}"
}

@test "a filter that kills kills nobody where the configuration is broken" {
	echo 'nonsense' >k.conf
	rm -f k.policy
	killed_by_no setsockopt getsockopt getpeername rt_sigpending sendto
}

@test "a listener passes on the policy although a filter kills who sets options" {
	needs_filters
	take_port
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' "$(refuse kill setsockopt)" 'c socket inet' \
		"c connect 127.0.0.1 $PORT" 'b accept a'
	have a "$POLICY" b "$POLICY" c "$UNTOUCHED"
	untouched_without a b c
}

@test "KASHIM_VERBOSE says that a filter leaves the sockets alone" {
	needs_filters
	wrap env KASHIM_VERBOSE=1 "KASHIM_LOG=$PWD/verbose"
	play 'a socket inet'
	not grep 'left alone' verbose
	play "$(refuse kill setsockopt)" 'a socket inet'
	grep -q 'sockets are left alone from now on' verbose
	have a "$UNTOUCHED"
}

@test "a socket that is made under a filter of the program's own is left alone" {
	needs_filters
	play 'a socket inet' "$(refuse kill ptrace personality)" 'c socket inet'
	have a "$POLICY" c "$UNTOUCHED"
	untouched_without a c
}

# Without a filter the call says whether the kernel knows filters: it fails, and nothing is confined.
@test "a program that only asks whether there are filters is not left alone" {
	needs_python
	start "$PYTHON" -c '
import ctypes, socket, time
assert ctypes.CDLL(None).prctl(22, 2, None, 0, 0) == -1
kept = socket.socket()
time.sleep(60)'
	wait_for all_are "$POLICY" "$PID" || fail "$(sockets_of "$PID")"
	[ "$(timers_of "$PID" | wc -l)" = 1 ]
}

# As libseccomp makes one: setsockopt(2) with one option, and only that.
strict() {
	cat >strict.py <<-'END'
		import ctypes, socket, sys
		class Compared(ctypes.Structure):
		    _fields_ = [("argument", ctypes.c_uint), ("how", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]
		KILL, ALLOW, NE = 0x80000000, 0x7fff0000, 1
		seccomp = ctypes.CDLL("libseccomp.so.2")
		seccomp.seccomp_init.restype = ctypes.c_void_p
		context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(ALLOW)))
		number = seccomp.seccomp_syscall_resolve_name(b"setsockopt")
		other = (Compared * 1)(Compared(2, NE, socket.SO_REUSEADDR, 0))
		assert seccomp.seccomp_rule_add_array(context, ctypes.c_uint32(KILL), number, 1, other) == 0
		listener = socket.socket()
		listener.bind(("127.0.0.1", 0))
		listener.listen()
		load = ctypes.CDLL(None).seccomp_load if sys.argv[1:] == ["global"] else seccomp.seccomp_load
		assert load(context) == 0
		client = socket.socket()
		client.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		client.connect(listener.getsockname())
		server = listener.accept()[0]
		print([each.getsockopt(6, 4) for each in (listener, client, server)], flush=True)
		client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
	END
	needs_python
	"$PYTHON" -c 'import ctypes; ctypes.CDLL("libseccomp.so.2")' || skip "there is no libseccomp"
	run env LD_PRELOAD="$1" KASHIM_CONF="$PWD/k.conf" "$PYTHON" strict.py global
}

@test "a filter that libseccomp makes for single options kills nobody" {
	strict "libseccomp.so.2"
	[ "$output" = '[7200, 7200, 7200]' ] || fail "control: $output"
	[ "$status" = 159 ] || fail "control: the filter is not there, $status"
	strict "$SHIM:libseccomp.so.2"
	[ "$output" = '[33, 7200, 33]' ] || fail "$status: $output"
	[ "$status" = 159 ]
}

@test "a filter from before the program may refuse calls" {
	refused filtered_before
}

@test "a filter from before the program may refuse calls where there are rules of every kind" {
	policy <<<'defaults: { mode = "suggest"; }; rules = ( { program = "sshd"; }, { argument = "xyz"; }, { user = 7; idle = 9; },
		{ remote = "127.0.0.0/8"; local_port = "1-65535"; idle = 5; } );'
	refused filtered_before
}

@test "a filter may refuse calls while the text is compiled" {
	rm k.policy
	export KASHIM_LOG=none
	refused filtered_before
}

@test "a program that may not wait for the child does not wait in vain" {
	needs_filters
	needs_python
	rm k.policy
	env KASHIM_LOG=none KASHIM_CONF="$PWD/k.conf" "$PYTHON" "$ROOT/tests/lib/outside/harmless.py" "$SHIM" \
		"$PLAY" "$(refuse EPERM poll ppoll)" exec true
}

@test "a filter from before the program that kills who asks for socket options kills nobody" {
	needs_filters
	# shellcheck disable=SC2046 # one name a word
	same_end "$PLAY" "$(refuse kill getsockopt setsockopt getsockname getpeername socket sendto)" exec -- true
	run "$PLAY" "$(refuse kill getsockopt)" 'a socket inet' 'a ready'
	[ "$status" = 159 ]
}

# A service of systemd with this SystemCallFilter=, to which @default always belongs.
service() {
	local action filter without=() names=()
	while [ "$1" != but ]; do
		names+=("$1")
		shift
	done
	without=("${@:2}")
	mapfile -t names < <(comm -23 <(members_of @default "${names[@]}" | sort -u) <(members_of "${without[@]}" | sort -u))
	[ ${#names[@]} -gt 50 ] || fail "systemd-analyze says: ${names[*]}"
	for action in kill EPERM; do
		filter=$(allow_alone "$action" "${names[@]}")
		rm -f verbose
		unwrap
		play_with "$PLAY" "$filter" exec "${WRAPPED[@]}" "${CALLS[@]}"
		have a "$POLICY" b "$POLICY" c "$POLICY"
		grep -q 'idle 33 s' verbose
	done
	play_with "$PLAY" "$filter" exec "${CALLS[@]}"
	have a "$UNTOUCHED" b "$UNTOUCHED" c "$UNTOUCHED"
}

# All that the shim has to look at; with the text compiled before, and by a child.
systemd_service() {
	local text
	needs systemd-analyze
	needs_filters
	take_port
	CALLS=("$PLAY" 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c connect 127.0.0.1 $PORT" 'b accept a')
	for text in compiled new; do
		policy <<-'END'
			defaults: { idle = 33; interval = 11; count = 5; };
			rules = ( { program = "sshd"; mode = "off"; }, { argument = "xyz"; mode = "off"; }, { user = 7; mode = "off"; } );
		END
		[ "$text" = compiled ] || rm k.policy
		service "$@"
	done
}

@test "a service runs under SystemCallFilter=@system-service ~@privileged ~@resources" {
	systemd_service @system-service but @privileged @resources
}

@test "a service runs under a SystemCallFilter= with the groups alone that a server needs" {
	systemd_service @basic-io @file-system @io-event @network-io @process @signal @timer ioctl pipe2 but @setuid
}
