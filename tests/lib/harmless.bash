# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests that no program takes harm: what it prints, how it ends and how many system calls it makes are compared with a
# run without the shim. Loaded after live.bash and play.bash.

# What stands in front of the programs.
AS=()

# harmless [OPTION... --] [COMMAND...]: without a command these are two programs, of which one makes sockets, lets a call fail,
# and becomes the other; so they may make twice as many calls.
harmless() {
	local options=()
	needs_python
	export KASHIM_CONF=${KASHIM_CONF-$PWD/k.conf} KASHIM_LOG=${KASHIM_LOG-$PWD/report}
	case ${1:-} in
	--*)
		while [ "$1" != -- ]; do
			options+=("$1")
			shift
		done
		shift
		;;
	esac
	if [ $# -eq 0 ]; then
		options=(--calls 250 "${options[@]}")
		set -- "$PLAY" 'a socket inet' 'b socket inet6' 'c socket udp' 'a connect 127.0.0.1 1' exec true
	fi
	in_scene "${AS[@]}" "$PYTHON" "$ROOT/tests/lib/outside/harmless.py" "${options[@]}" "$SHIM" "$@" 2>&1
}

# All of it, its sockets have these timers, read from outside, and the shim's log says this, or nothing.
comes_to() {
	local timers=$1 log=${2:-}
	rm -f report
	harmless
	wrap "${AS[@]}" env "KASHIM_LOG=$KASHIM_LOG"
	rm -f log
	start "$PLAY" 'a socket inet'
	wait_for is_played
	[ "$(timers_of "$PID")" = "$timers" ] || fail "it has $(timers_of "$PID")"
	kill "$PID"
	wait "$PID" || :
	if [ -n "$log" ]; then
		grep -q -- "$log" report || fail "the log has no \"$log\": $(cat report)"
	else
		[ ! -e report ] || fail "$(cat report)"
	fi
}

# Something in place of a file.
put() {
	local kind=$1 file=$2
	echo "$file: $kind"
	rm -rf "$file"
	case $kind in
	nothing) ;;
	fifo) mkfifo "$file" ;;
	directory) mkdir "$file" ;;
	socket) "$PYTHON" -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$file" ;;
	endless) ln -s /dev/zero "$file" ;;
	dangling) ln -s /no/such/file "$file" ;;
	loop) ln -s "$(basename "$file")" "$file" ;;
	program) cp "$(type -P true)" "$file" ;;
	hole) truncate -s 3G "$file" ;;
	long_string) { printf 'log = "/' && head -c 50000000 /dev/zero | tr '\0' a && echo '";'; } >"$file" ;;
	long_word) head -c 1000000 /dev/zero | tr '\0' a >"$file" ;;
	deep) { yes 'a = {' | head -n 3000 && yes '};' | head -n 3000; } >"$file" ;;
	lists) yes '(' | head -n 200000 >"$file" ;;
	nul) printf 'log = "none";\0\n' >"$file" ;;
	zeros) head -c 4096 /dev/zero >"$file" ;;
	half) printf 'defaults: { idle = 33; inter' >"$file" ;;
	everyone) echo 'defaults: { idle = 33; };' >"$file" && chmod 666 "$file" ;;
	unreadable) echo 'defaults: { idle = 33; };' >"$file" && chmod 000 "$file" ;;
	mark) printf '\357\273\277defaults: { idle = 33; interval = 11; count = 5; };\n' >"$file" ;;
	returns) printf 'defaults: {\r\n\tidle = 33;\r\n\tinterval = 11;\r\n\tcount = 5;\r\n};\r\n' >"$file" ;;
	stranger) echo 'defaults: { idle = 33; interval = 11; count = 5; };' >"$file" && chown 65534 "$file" ;;
	*) fail "what is $kind?" ;;
	esac
}
