#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the shim costs, in instructions and in system calls: they are the same in every run, which time is not. System
# calls are counted exactly. Bars for instructions are a quarter above what was counted with gcc 12 and glibc 2.36 on
# x86-64: another compiler or libc may need a few more, and a loop or a search at each call needs many more.

load ../lib/live

# Without what a debugger wants: valgrind gives up where it cannot read that.
use_stripped() {
	strip --strip-debug -o shim.so "$SHIM"
	strip --strip-debug -o calls "$TOOLS/calls"
	CALLS=$PWD/calls
}

# The shim with a policy is in front of a program from now on.
shim() {
	WITH=(env "KASHIM_CONF=$PWD/$1.conf" "LD_PRELOAD=$PWD/shim.so")
}

# A program with the first three descriptors alone, and no room for many: the shim looks at all that are open when it is
# loaded, and valgrind has some of its own.
alone() (
	for fd in /proc/self/fd/*; do
		fd=${fd##*/}
		[ "$fd" -le 2 ] || eval "exec $fd>&-"
	done
	ulimit -n 64
	exec "$@"
)

count_instructions() {
	alone "${SCENE[@]}" "${WITH[@]}" LD_BIND_NOW=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null |
		sed -n 's/.*Collected : \([0-9]*\)$/\1/p'
}

needs_instructions() {
	needs valgrind
	use_stripped
	[ "$(uname -m)" = x86_64 ] || skip "the bars are those of x86-64"
	WITH=(env)
	[ "$(count_instructions /bin/true)" -gt 10000 ] || skip "valgrind does not count here"
}

# Of one call, the mean of 1,000: the shim's part of what is within the functions that are named measured_*.
instructions_of() {
	local policy=$1 plain wrapped
	shift
	WITH=(env)
	plain=$(count_instructions --toggle-collect='measured_*' "$CALLS" "$@" 1000 <<<'')
	shim "$policy"
	wrapped=$(count_instructions --toggle-collect='measured_*' "$CALLS" "$@" 1000 <<<'')
	[ "$plain" -ge 9000 ] || fail "control: $* has only $plain instructions" || return
	echo $(((wrapped - plain) / 1000))
}

at_most() {
	local bar=$1 what=$2 counted=$3
	echo "$what: $counted instructions, at most $bar"
	[ "$counted" -gt 0 ] || fail "control: the shim is not there" || return
	[ "$counted" -le "$bar" ] || fail "that is too many"
}

# So many rules, each as the printf(1) format says.
many_rules() {
	local format=$1 number
	echo 'rules = ('
	for ((number = 1; number < 1000; number++)); do
		# shellcheck disable=SC2059 # the format is ours
		printf "$format,\n" "$number" "$((number / 256))" "$((number % 256))"
	done
	echo '{ program = "last"; } );'
}

compile() {
	cat >"$1.conf"
	"$ROOT/build/kashim" compile "$1.conf" >/dev/null
}

needs_calls() {
	needs strace
	use_stripped
}

# The names of the calls that a program makes, one a line. What is before the second execve is of env(1).
trace() {
	alone "${SCENE[@]}" strace -o trace "${WITH[@]}" "$@" >/dev/null 2>&1
	sed '1,/^execve/d' trace
}

names() {
	sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' | sed -E 's/^(newfstatat|fstat|stat|statx)$/stat/; s/^pselect6$/select/' | paste -sd ' '
}

# All that is between the loader's last act, which is to give back its cache, and the end.
calls_of_a_start() {
	shim "$1"
	trace /bin/true </dev/null | sed '1,/^munmap/d; /^exit_group/,$d' | names
}

# What the shim adds while three are made.
calls_of_three() {
	WITH=(env)
	trace "$CALLS" "$@" 3 <<<'' | sed '1,/^read(0, "\\n"/d; /^write(1/,$d' | tee plain.trace | names >plain
	shim k
	trace "$CALLS" "$@" 3 <<<'' | sed '1,/^read(0, "\\n"/d; /^write(1/,$d' | names >wrapped
	[ "$(wc -w <plain)" -ge 6 ] || fail "control: no calls" || return
	diff <(tr ' ' '\n' <plain) <(tr ' ' '\n' <wrapped) | grep '^[<>]' | sort | uniq -c | sed 's/^ *//'
}

calls_are() {
	[ "$2" = "$1" ] || fail "$2, and not $1"
}

@test "socket() and close() cost few instructions more than without the shim" {
	needs_instructions
	at_most 540 "TCP, both" "$(instructions_of k both tcp)"
	for kind in udp unix; do
		at_most 29 "$kind, socket()" "$(instructions_of k socket "$kind")"
		at_most 18 "$kind, close()" "$(instructions_of k close "$kind")"
	done
}

@test "connect() costs few instructions more than without the shim" {
	needs_instructions
	for kind in tcp udp unix; do
		at_most 45 "$kind" "$(instructions_of k connect "$kind")"
	done
	# Rules that look at connections are walked at each one.
	many_rules '{ direction = "connect"; remote_port = %d; remote = "10.%d.%d.0/24"; idle = 30; }' | compile connections
	counted=$(instructions_of connections connect tcp)
	at_most 41300 "TCP, 1,000 rules" "$counted"
	not at_most 38 "control: TCP, 1,000 rules" "$counted"
}

@test "accept() costs few instructions more than without the shim" {
	needs_instructions
	at_most 55 "TCP" "$(instructions_of k accept tcp)"
	at_most 50 "Unix" "$(instructions_of k accept unix)"
}

@test "send(), recv(), sendmsg() and recvmsg() are not interposed" {
	needs_instructions
	[ "$(instructions_of k exchange tcp)" = 0 ]
	not at_most 0 "control: accept()" "$(instructions_of k accept tcp)"
}

@test "a start costs few instructions more than without the shim" {
	needs_instructions
	many_rules '{ program = "daemon-%d"; idle = 30; }' | compile many
	WITH=(env)
	plain=$(count_instructions /bin/true)
	shim k
	one=$(($(count_instructions /bin/true) - plain))
	shim many
	many=$(($(count_instructions /bin/true) - plain))
	at_most 55000 "one rule" "$one"
	at_most 57000 "1,000 rules" "$many"
	at_most 2000 "1,000 rules, beyond one" $((many - one))
}

# Whether this is PID 1, the file of the policy, whether it is current; whether the program may have another name, without
# a look into /proc; room for the marks; whether standard input, output and error are sockets; and its own page made read-only.
@test "a start costs a fixed list of system calls" {
	needs_calls
	WITH=(env)
	trace /bin/true </dev/null | sed '1,/^munmap/d; /^exit_group/,$d' >after
	[ ! -s after ] || fail "control: calls of the program itself: $(cat after)"
	local first="getpid openat stat" last="close stat stat mmap lseek lseek lseek mprotect"
	calls_are "$first pread64 $last" "$(calls_of_a_start k)"
	many_rules '{ program = "daemon-%d"; idle = 30; }' | compile many
	calls_are "$first stat pread64 pread64 pread64 $last" "$(calls_of_a_start many)"
	compile few <<<'rules = ( { program = "daemon"; idle = 30; } );'
	calls_are "$first pread64 ${last/stat stat/stat stat stat}" "$(calls_of_a_start few)"
}

@test "each call costs the system calls of its options alone" {
	needs_calls
	calls_are "12 > setsockopt" "$(calls_of_three both tcp)"
	calls_are "12 > setsockopt" "$(calls_of_three connect tcp)"
	[ "$(grep -c ^connect plain.trace)" = 3 ] || fail "control: no connect"
	calls_are "12 > setsockopt" "$(calls_of_three accept tcp)"
	[ "$(grep -c ^accept plain.trace)" = 3 ] || fail "control: no accept"
	for kind in udp unix; do
		for what in socket close connect; do
			calls_are "" "$(calls_of_three "$what" "$kind")"
		done
	done
	calls_are "" "$(calls_of_three accept unix)"
	calls_are "12 > setsockopt" "$(calls_of_three exchange tcp)"
}
