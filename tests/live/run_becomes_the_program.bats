#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# kashim run leaves nothing of itself behind but the shim: process, signals, exit status are the program's own. What it
# cannot do it says before the program runs.

load ../lib/live

kashim() {
	KASHIM_CONF=${KASHIM_CONF-$PWD/k.conf} "$ROOT/build/kashim" "$@"
}

# It ends with this status, and its first line on standard error has these words; nothing on standard output.
ends() {
	local wanted=$1 words=$2 ended=0
	shift 2
	"$@" >out 2>err || ended=$?
	[ "$ended" -eq "$wanted" ] || fail "exit status $ended, not $wanted: $(cat err)"
	[ ! -s out ] || fail "$(cat out)"
	head -n 1 err | grep -q -e "$words" || [ -z "$words" ] || fail "not a word of \"$words\": $(cat err)"
}

@test "run ends with the program's exit status" {
	for wanted in 0 1 7 124 125 126 127 255; do
		ends "$wanted" '' kashim run sh -c "case \$LD_PRELOAD in *libkashim.so*) exit $wanted ;; esac; exit 99" \
			3>&- || fail "$wanted"
	done
}

@test "run hands input, output and arguments to the program" {
	[ "$(echo in | kashim run cat)" = in ]
	[ "$(kashim run printf '<%s>' --idle '' 'a  b' '*' -- "$(printf 'x\ny')")" = "$(printf '<--idle><><a  b><*><--><x\ny>')" ]
	[ "$(kashim run -- printf %s one)" = one ]
}

becomes() {
	[ "$(readlink "/proc/$1/exe")" = "$(readlink -f "$(command -v "$2")")" ]
}

@test "run becomes the program in the same process, which gets the signals" {
	needs_python
	unwrap
	start env "KASHIM_CONF=$PWD/k.conf" "$ROOT/build/kashim" run "$PYTHON" -c '
import signal, socket, sys, time
sock = socket.socket()
signal.signal(signal.SIGUSR1, lambda number, frame: sys.exit(23))
print("ready", flush=True)
time.sleep(60)'
	wait_for grep -qx ready log
	becomes "$PID" "$PYTHON"
	[ -z "$(children_of "$PID")" ]
	all_are "$POLICY" "$PID"
	kill -USR1 "$PID"
	ended=0
	wait "$PID" || ended=$?
	[ "$ended" -eq 23 ]
}

@test "run ends by the signal that ends the program" {
	unwrap
	start env "KASHIM_CONF=$PWD/k.conf" "$ROOT/build/kashim" run sleep 60
	wait_for becomes "$PID" sleep
	kill -TERM "$PID"
	ended=0
	wait "$PID" || ended=$?
	[ "$ended" -eq 143 ]
}

@test "run ends with 127 when the program is not found" {
	# A directory in PATH that may not be searched would make it 126, as env(1) has it.
	PATH=/usr/bin:/bin ends 127 'no-such-program: not found' kashim run no-such-program
	ends 127 '/no/such/program' kashim run /no/such/program
	PATH=/usr/bin:/bin: ends 127 'not found' kashim run no-such-program
}

@test "run ends with 126 when the program cannot be executed" {
	echo 'echo no' >script
	chmod 644 script
	ends 126 ./script kashim run ./script
	ends 126 "$PWD" kashim run "$PWD"
	printf '#!/no/such/interpreter\n' >script
	chmod 755 script
	ends 126 '' kashim run ./script
}

@test "run ends with 125 when kashim itself fails, and the program does not run" {
	ends 125 'which program' kashim run
	ends 125 '--no-such-option' kashim run --no-such-option touch ran
	ends 125 '--idle' kashim run --idle
	ends 125 'idle' kashim run --idle 0 touch ran
	ends 125 'idle' kashim run --idle= touch ran
	ends 125 'soon' kashim run --idle soon touch ran
	ends 125 'mode' kashim run --mode perhaps touch ran
	ends 125 'no-such-profile' kashim run --profile no-such-profile touch ran
	ends 125 'none.conf' kashim run --conf none.conf touch ran
	echo 'rules = ( { program = 7; } );' >bad.conf
	ends 125 'bad.conf:1: ' kashim run --conf bad.conf touch ran
	KASHIM_CONF=$PWD/bad.conf ends 125 'bad.conf:1: ' kashim run touch ran
	[ ! -e ran ]
	kashim run touch ran
	[ -e ran ]
}

@test "run puts the shim once, in front of what was preloaded" {
	local other
	other=$(ldd "$(command -v bash)" | sed -n 's/.*=> \(\/[^ ]*libc\.so[^ ]*\) .*/\1/p')
	[ -n "$other" ] || skip "no library to preload"
	# shellcheck disable=SC2016 # for the shell that is run
	LD_PRELOAD=$other kashim run sh -c 'echo "$LD_PRELOAD"' >out
	grep -q "^/[^:]*/libkashim\.so:$other\$" out || fail "$(cat out)"
	# shellcheck disable=SC2016 # for the shell that is run
	LD_PRELOAD=$other kashim run "$ROOT/build/kashim" run sh -c 'echo "$LD_PRELOAD"' >out
	grep -q "^/[^:]*/libkashim\.so:$other\$" out || fail "$(cat out)"
	# shellcheck disable=SC2016 # for the shell that is run
	kashim run sh -c 'echo "$LD_PRELOAD"' >out
	grep -q '^/[^:]*/libkashim\.so$' out || fail "$(cat out)"
	[ "$(kashim run sh -c 'cat /proc/self/maps' | grep -c 'libkashim\.so$')" -ge 1 ]
}

@test "run refuses a static program, unless --best-effort is given" {
	needs static-cc
	echo 'int main(void) { return 9; }' >static.c
	cc -static -o static static.c
	ends 125 'static.*--best-effort' kashim run ./static
	ends 9 'static' kashim run --best-effort ./static
	cc -o dynamic static.c
	ends 9 '' kashim run ./dynamic
	[ ! -s err ] || fail "control: $(cat err)"
}

@test "run refuses a set-uid program, unless --best-effort is given" {
	needs_root
	cp "$(type -P true)" gains
	ends 0 '' kashim run ./gains
	chown 65533 gains
	chmod u+s gains
	ends 125 'set-uid' kashim run ./gains
	ends 0 'set-uid' kashim run --best-effort ./gains
}

# With these options, the program's socket has these timers.
gives() {
	local timers=$1
	shift
	unwrap
	start env "KASHIM_CONF=$PWD/k.conf" "$ROOT/build/kashim" run "$@" "$PYTHON" -c '
import socket, time
sock = socket.socket()
time.sleep(60)'
	wait_for has "$PID" close
	[ "$(timers_of "$PID")" = "$timers" ] || fail "$*: $(sockets_of "$PID")"
}

@test "run puts its options on the socket" {
	needs_python
	gives "$POLICY"
	gives 1/44/11/5 --idle 44
	gives 1/44/11/5 --idle=44s
	gives 1/44/12/6 --idle 44 --interval 12 --count 6
	gives 1/140/30/5 --profile aws-nlb
	gives 1/40/10/5 --path-timeout 100s
	gives 1/44/10/5 --path-timeout 100s --idle 44
	gives "$UNTOUCHED" --mode off
	gives "$POLICY" --mode suggest
	gives 1/44/11/5 --idle 44 --user-timeout 9s
	sockets_of "$PID" | grep ' user_timeout=9000 '
	gives 1/44/11/5 --idle 44 --user-timeout auto
	sockets_of "$PID" | grep ' user_timeout=99000 '
	printf 'defaults: { idle = 45; interval = 11; count = 5; };\n' >other.conf
	gives 1/45/11/5 --conf other.conf
	gives 1/45/11/5 --conf "$PWD/other.conf"
}

@test "run's options stand before all rules" {
	needs_python
	printf 'rules = ( { program = "*"; idle = 46; } );\n' >>k.conf
	"$ROOT/build/kashim" compile k.conf
	gives 1/46/11/5
	gives 1/44/11/5 --idle 44
}

@test "run --verbose says on stderr what the socket gets, and by which rule" {
	needs_python
	kashim run --verbose "$PYTHON" -c 'import socket; socket.socket()' >out 2>err
	grep -q "socket [0-9]*: .*idle 33 s.*$PWD/k.conf:1" err || fail "$(cat err)"
	[ "$(wc -l <err)" -eq 1 ]
	[ ! -s out ]
	kashim run "$PYTHON" -c 'import socket; socket.socket()' 2>err
	[ ! -s err ] || fail "control: $(cat err)"
}

@test "run works through a symbolic link, from any directory" {
	mkdir bin
	ln -s "$ROOT/build/kashim" bin/kashim
	KASHIM_CONF=$PWD/k.conf PATH=$PWD/bin:$PATH
	export KASHIM_CONF
	cd /
	# shellcheck disable=SC2016 # for the shell that is run
	command kashim run sh -c 'echo "$LD_PRELOAD"' | grep -q libkashim
}

# What a program gets, whatever the names are; each variable ends with a NUL.
environment_under() {
	env -i "$@" env -0
}

@test "run hands the environment on to the byte, but for LD_PRELOAD and what was asked for" {
	local variables=(A.B=1 library=MINE tree=x line=y 'BASH_FUNC_f%%=() { :; }' $'bytes=\xff\nx' empty= KASHIM_LOG=none)
	environment_under "${variables[@]}" >before
	[ "$(tr -cd '\0' <before | wc -c)" -eq 8 ] || fail "control: $(cat before)"
	environment_under "${variables[@]}" "$ROOT/build/kashim" run >after
	{
		cat before
		printf 'LD_PRELOAD=%s\0' "$ROOT/build/libkashim.so"
	} | cmp - after
	environment_under "${variables[@]}" "$ROOT/build/kashim" run --idle 44 --mode suggest >after
	{
		cat before
		printf 'KASHIM=idle=44,mode=suggest\0LD_PRELOAD=%s\0' "$ROOT/build/libkashim.so"
	} | cmp - after
}

@test "run --only names the process, and another run under it does not hand that on" {
	# shellcheck disable=SC2016 # for the shell that is run
	kashim run --only sh -c 'test "$KASHIM_ONLY" = $$'
	# shellcheck disable=SC2016 # for the shell that is run
	kashim run --only "$ROOT/build/kashim" run sh -c 'test -z "${KASHIM_ONLY-}"'
}

@test "run keeps the order of variables, and passes on once one that stood there twice" {
	needs cc
	cat >twice.c <<-'END'
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			char *variables[] = { "B=2", "LD_PRELOAD=", "A=1", "KASHIM=idle=7", "LD_PRELOAD=libc.so.6", "KASHIM=idle=8", 0 };
			return argc > 1 ? execve(argv[1], argv + 1, variables) : 1;
		}
	END
	cc -w -o twice twice.c
	./twice "$ROOT/build/kashim" run --idle 9 "$(command -v env)" >out
	printf '%s\n' B=2 "LD_PRELOAD=$ROOT/build/libkashim.so:libc.so.6" A=1 KASHIM=idle=9 | diff - out
}
