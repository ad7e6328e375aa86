#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Whatever stands in KASHIM_CONF, KASHIM, KASHIM_LOG, in the arguments and in the environment: programs print what they print
# without the shim, end the same way, and make a few hundred system calls more at most.

load ../lib/live
load ../lib/play
load ../lib/harmless

# So long that it is a name for nothing, and a string for everything.
long() {
	head -c "$1" /dev/zero | tr '\0' "${2:-a}"
}

# The values of a variable, one an argument.
each() {
	local variable=$1
	shift
	printf '%s\0' "$@" | harmless --each "$variable" -- >each || fail "$(cat each)"
	echo "# $(cat each)" >&3
}

@test "no value of KASHIM_CONF harms a program" {
	needs_python
	put socket socket.conf
	put fifo fifo.conf
	each KASHIM_CONF . / '' ' ' k.conf ./k.conf ../nowhere "$PWD/k.conf/" "$PWD"/ "$PWD/socket.conf" fifo.conf $'new\nline' $'\377\376' \
		%s%n%d "/$(long 5000)" "$(long 5000)" "$(long 120000)" "$(long 120000 /)" "$(long 120000 .)" /proc/self/mem /proc/self/fd/0 \
		/proc/self/fd/1 /proc/self/environ /proc/self/exe /proc/kmsg /dev/stdin /dev/stdout /dev/tty /dev/full \
		/dev/null /dev/zero /dev/urandom /dev/ptmx /sys -- --help
	grep -q socket.conf report
	grep -q fifo.conf report
}

@test "no value of KASHIM harms a program" {
	each KASHIM '' ' ' ',' ',,,,' = == idle idle= =3 idle=-1 idle=0 idle=99999999999999999999 idle=0x20 idle=3,idle=4 'idle=3,' \
		'idle = 3' off,off mode= mode=perhaps profile= profile=no-such 'user_timeout=auto,,,' $'idle=3\n' $'\377=\376' \
		%s%n=%d "$(long 120000)" "$(long 120000 ,)" "$(long 120000 =)" "idle=$(long 120000 9)" "profile=$(long 120000)"
	grep -q 'KASHIM is ignored' report
}

# With something to say. Where that lands in the program's own output, it was asked for.
@test "no value of KASHIM_LOG harms a program" {
	local verbose=KASHIM_VERBOSE
	needs_python
	export "$verbose=1"
	put fifo nobody.reads
	put socket socket
	put loop loop
	put dangling dangling
	put directory directory
	each KASHIM_LOG "$PWD"/{nobody.reads,socket,loop,dangling,directory,no/such/file} relative ../relative STDERR 'none,' / // /. \
		/dev/full /dev/tty /dev/null /dev/zero /dev/ptmx /dev/stdin /proc/self/mem /proc/self/comm /proc/self/exe /proc/self/attr/current \
		/proc/self/fd/0 /sys/nothing $'/new\nline/x' "/$(long 5000)" "/$(long 120000)" %s%n
	[ ! -e relative ]
	KASHIM_LOG=$PWD/report harmless
	grep -q 'idle 33 s' report || fail "control: nothing was said"
}

@test "a full pipe in KASHIM_LOG harms no program" {
	local pipe verbose=KASHIM_VERBOSE
	export "$verbose=1" KASHIM_LOG=$PWD/full
	mkfifo full
	exec {pipe}<>full
	dd if=/dev/zero of=full oflag=nonblock bs=4096 2>/dev/null || :
	! LC_ALL=C dd if=/dev/zero of=full oflag=nonblock bs=1 count=1 2>dd.log || fail "control: there is room in the pipe"
	grep -q 'temporarily unavailable' dd.log || fail "control: $(cat dd.log)"
	harmless
	exec {pipe}>&-
}

with_arguments() {
	policy <<-'END'
		defaults: { idle = 33; interval = 11; count = 5; };
		rules = ( { program = "*/no/such/*"; argument = "*x*y*z"; idle = 8; }, { argument = [ "?*a?*b", "[!a-z]*[[:digit:]]" ]; idle = 9; } );
	END
}

# execve(2) with no argument and an environment of this and of strange entries.
execute() {
	needs_python
	harmless -- "$PYTHON" -c '
import ctypes, os, sys
strange = [part.encode() for part in sys.argv[2:]]
entries = [*strange, *(b"=".join(item) for item in os.environb.items()), *strange]
environment = (ctypes.c_char_p * (len(entries) + 1))(*entries, None)
ctypes.CDLL(None).execve(os.fsencode(sys.argv[1]), None, environment)
print("not executed")' "$(type -P true)" "$@"
}

@test "a start without arguments, not even a name, harms no program" {
	with_arguments
	execute
}

@test "arguments of every length harm no program" {
	local size many
	with_arguments
	for size in 1 4096 131000; do
		harmless "$PLAY" 'a socket inet' exec true '' $'\n' $'\377' "$(long "$size")" "$(long "$size" x)" ''
	done
	mapfile -t many < <(seq 30000)
	harmless "$PLAY" 'a socket inet' exec true "${many[@]}"
}

@test "a strange environment harms no program" {
	with_arguments
	execute KASHIM KASHIM_ KASHIM_CONF KASHIM_LOG KASHIM= KASHIM_CONF= = =x '' x LD_PRELOAD $'\377\n' KASHIM_CONFIG=3 KASHIMIRI=4 \
		"$(long 120000)" "$(long 120000)=" "KASHIM_$(long 1000)=$(long 100000)"
}
