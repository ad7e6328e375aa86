#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2030,SC2031 # what a test changes is for it alone
# Programs that are linked to musl, that are 32-bit, or static: each loads the library that is made for it, or none, and no
# loader says a word about it.

load ../lib/live
load ../lib/callers

# The library for 32-bit programs, in a directory of its own.
setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	ln -s "$BATS_TEST_DIRNAME/../../conf" "$BATS_TEST_DIRNAME/../../shim" .
	make -f "$BATS_TEST_DIRNAME/../../Makefile" CC='gcc -m32' CFLAGS=-O1 BINDIR="$BATS_TEST_DIRNAME/../../build" \
		build/libkashim.so >make.log 2>&1 || :
}

# One of the helpers, by a compiler and its flags.
built() {
	local program=$1
	shift
	case $* in
	*-m32*) needs 32-bit ;;
	*) needs "$1" ;;
	esac
	"$@" -D_GNU_SOURCE -o "./$program" "$ROOT/tests/lib/inside/$program.c" 2>cc.log ||
		skip "cannot be built here: $(grep -m 1 . cc.log)"
}

built_make_sockets() {
	built make_sockets "$@"
	MAKE_SOCKETS=$PWD/make_sockets
}

# Three sockets with the policy, or as they are by themselves where it cannot come; and no other word than its own.
is_served() {
	makes 3 three
	diff <(echo ready) log
}

is_left_alone() {
	call three
	wait_for holds 3 "$PID"
	all_are "$UNTOUCHED" "$PID" || fail "touched: $(sockets_of "$PID")"
	diff <(echo ready) log
}

# What errno_probe prints, with the shim and without.
keeps_errno() {
	local topic
	for topic in socket connect listen accept accept4 values sizes pointers descriptors; do
		in_scene ./errno_probe "$topic" >without || fail "control: $topic" || return
		in_scene "${WITH[@]}" ./errno_probe "$topic" >with || fail "$topic: exit status $?" || return
		diff without with || return
		in_scene "${WITH[@]}" KASHIM_VERBOSE=1 "KASHIM_LOG=$PWD/decisions" ./errno_probe "$topic" >/dev/null
		grep -q 'idle 33 s' decisions || fail "control: the shim was not there" || return
		rm decisions
	done
}

# The text says something else than the compiled policy, and says when.
text_is_new() {
	printf 'defaults: { idle = 44; interval = 11; count = 5; };\n' >k.conf
}

serves_new_text() {
	call three
	expect 3 "$PID" 1/44/11/5
	diff <(echo ready) log
}

rules_decide() {
	cat >k.conf <<-'END'
		defaults: { mode = "suggest"; interval = 11; count = 5; };
		rules = ( { program = "nothing"; mode = "off"; }, { argument = "xyz"; idle = 7; }, { user = 54321; idle = 9; },
			{ program = "make_s?ckets"; argument = "thr[e]*"; remote = "127.0.0.0/8"; idle = 34; },
			{ program = "make_sockets"; idle = 33; } );
	END
	"$ROOT/build/kashim" compile k.conf >/dev/null
	call three
	wait_for has "$PID" listen established
	diff <(printf '1/33/11/5\n1/34/11/5\n1/34/11/5\n') <(timers_of "$PID" | sort) || fail "$(sockets_of "$PID")"
}

@test "musl programs carry the policy, and nothing is said" {
	built_make_sockets musl-gcc
	grep -q 'interpreter.*ld-musl' <(readelf -l make_sockets)
	under_the_shim_and_without is_served
}

@test "musl programs carry the policy by the library that musl-gcc builds" {
	built_make_sockets musl-gcc
	ln -s "$ROOT/conf" "$ROOT/shim" .
	make -s -f "$ROOT/Makefile" CC=musl-gcc build/libkashim.so >make.log 2>&1 || fail "$(cat make.log)"
	not grep GLIBC <(readelf -V build/libkashim.so)
	# shellcheck disable=SC2034 # live.bash reads it
	WRAPPED=(env "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$PWD/build/libkashim.so")
	under_the_shim is_served
}

@test "musl programs keep errno and results" {
	built errno_probe musl-gcc
	WITH=("${WRAPPED[@]}")
	keeps_errno
}

@test "musl programs have a text that is newer compiled by a child" {
	built_make_sockets musl-gcc
	text_is_new
	under_the_shim serves_new_text
}

@test "musl programs follow rules with patterns, arguments, users and connections in suggest" {
	built_make_sockets musl-gcc
	under_the_shim rules_decide
}

@test "musl programs run threads, signal handlers, small stacks and a changing environment" {
	built_make_sockets musl-gcc
	under_the_shim makes 300 threads
	under_the_shim makes 100 signals
	under_the_shim makes 3 small_stack
	under_the_shim makes 50 changed
	under_the_shim makes 6 cleared
}

# A listener, and a connection that waits in its queue.
SEND='import array, socket, sys, time
listener = socket.socket()
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen()
client = socket.create_connection(listener.getsockname())
door = socket.socket(socket.AF_UNIX)
door.connect("door")
door.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener.fileno()]))])
time.sleep(60)'

takes_sockets() {
	local receiver
	rm -f door
	: >log
	start "$PWD/receive_fds" "$CALL" door
	receiver=$PID
	wait_for is_open
	start_plain "$PYTHON" -c "$SEND" "$PORT"
	log_says ready
	expect 2 "$receiver"
}

is_open() {
	in_scene ss -Hlx | grep -q ' door '
}

# The struct msghdr of musl has int and padding where that of glibc has size_t.
@test "musl programs adopt sockets that come in messages" {
	built receive_fds musl-gcc
	needs_python
	for CALL in recvmsg recvmmsg; do
		under_the_shim_and_without takes_sockets
	done
}

needs_32_bit() {
	needs readelf
	built_make_sockets gcc -m32
	SHIM32=$BATS_FILE_TMPDIR/build/libkashim.so
	[ -e "$SHIM32" ] || skip "cannot be built here: $(tail -n 1 "$BATS_FILE_TMPDIR/make.log")"
	readelf -h "$SHIM32" | grep -q ELF32
}

@test "32-bit programs carry the policy, and nothing is said" {
	needs_32_bit
	SHIM=$SHIM32 wrap env
	under_the_shim_and_without is_served
}

# Until Linux 4.3 a 32-bit program had one call for all that is done to sockets, and the shim what libc has not found yet.
@test "32-bit programs are served by a kernel that has socketcall(2) alone" {
	needs_32_bit
	gcc -m32 -D_GNU_SOURCE -o sockets "$ROOT/tests/everywhere/client_and_server.c"
	gcc -m32 -D_GNU_SOURCE -shared -fPIC -o old.so "$ROOT/tests/lib/preload/old_kernel.c"
	cat >k.conf <<-'END'
		rules = ( { direction = "accept"; local = "127.0.0.1"; mode = "suggest"; idle = 35; } );
	END
	"$ROOT/build/kashim" compile k.conf >/dev/null
	in_scene env "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$SHIM32" ./sockets >new
	in_scene env "KASHIM_CONF=$PWD/k.conf" "LD_PRELOAD=$SHIM32:$PWD/old.so" ./sockets >old
	grep -q '^accepted  IPv4 1/35/10/6$' new || fail "control: $(cat new)"
	diff new old
}

@test "32-bit programs keep errno and results" {
	needs_32_bit
	built errno_probe gcc -m32
	SHIM=$SHIM32 wrap env
	WITH=("${WRAPPED[@]}")
	keeps_errno
}

@test "32-bit programs have a text that is newer compiled by a child" {
	needs_32_bit
	SHIM=$SHIM32 wrap env
	text_is_new
	under_the_shim serves_new_text
}

@test "32-bit programs follow rules with patterns, arguments, users and connections in suggest" {
	needs_32_bit
	SHIM=$SHIM32 wrap env
	under_the_shim rules_decide
}

# A musl program that misses a name does not start. Only the names are looked at: there is no 32-bit musl here.
@test "the 32-bit library calls nothing that musl does not have" {
	needs nm
	needs_32_bit
	local musl
	needs musl
	musl=$(echo /lib/ld-musl-*.so.1)
	nm -D --defined-only "$musl" | sed 's/.* //' | sort >has
	nm -D --undefined-only "$SHIM32" | sed -n 's/^ *U //p' | sed 's/@.*//' | sort >called
	grep -qx dl_iterate_phdr called
	[ -z "$(comm -23 called has)" ] || fail "musl has no $(comm -23 called has)"
}

# What a loader puts in the place of $LIB or $PLATFORM.
word_of_loader() {
	local loader
	loader=$(readelf -l "$2" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
	"$loader" --list-diagnostics 2>/dev/null | sed -n "s/^dl_$1=\"\(.*\)\"/\1/p"
}

# A tree with both libraries: the loaders' own words decide which is whose.
both_libraries() {
	local word=$1 of_64 of_32
	of_64=$(word_of_loader "$word" "$ROOT/build/tests/make_sockets")
	of_32=$(word_of_loader "$word" "$MAKE_SOCKETS")
	if [ -z "$of_64" ] || [ -z "$of_32" ] || [ "$of_64" = "$of_32" ]; then
		skip "the loaders do not say what $word is"
	fi
	mkdir -p "both/$of_64" "both/$of_32"
	cp "$SHIM" "both/$of_64/"
	cp "$SHIM32" "both/$of_32/"
}

both_are_served() {
	local name=$1
	SHIM=$name wrap "${@:2}" env
	under_the_shim_and_without is_served
	MAKE_SOCKETS=$ROOT/build/tests/make_sockets under_the_shim is_served
}

@test "32-bit and 64-bit programs each load their own library by \$LIB in LD_PRELOAD" {
	needs_32_bit
	both_libraries dst_lib
	# shellcheck disable=SC2016 # the loader expands it
	both_are_served "$PWD"'/both/$LIB/libkashim.so'
}

@test "32-bit and 64-bit programs each load their own library by \$PLATFORM in LD_PRELOAD" {
	needs_32_bit
	both_libraries platform
	# shellcheck disable=SC2016 # the loader expands it
	both_are_served "$PWD"'/both/$PLATFORM/libkashim.so'
}

is_refused() {
	call three
	wait_for holds 3 "$PID"
	all_are "$UNTOUCHED" "$PID"
	grep -q 'wrong ELF class' log || fail "$(cat log)"
}

@test "a 32-bit loader refuses one path for all, says so and goes on" {
	needs_32_bit
	under_the_shim is_refused
}

# What follows sees an /etc that has two files, and the one that is given in an own file of that name.
in_own_etc() {
	mkdir -p etc
	cp /etc/ld.so.cache etc/
	echo "$1" >etc/ld.so.preload
	cp k.conf etc/kashim.conf
	# Compiled in there, so that its sources have the names and places that programs will see.
	OWN_ETC=(unshare --mount sh -c "mount --bind '$PWD/etc' /etc && exec \"\$@\"" sh)
	"${OWN_ETC[@]}" true 2>/dev/null || skip "no mount namespace to be had"
	"${OWN_ETC[@]}" "$ROOT/build/kashim" compile /etc/kashim.conf >/dev/null
}

@test "32-bit and 64-bit programs each load their own library by \$LIB in /etc/ld.so.preload" {
	needs_root
	needs_32_bit
	both_libraries dst_lib
	# shellcheck disable=SC2016 # the loader expands it
	in_own_etc "$PWD"'/both/$LIB/libkashim.so'
	WRAPPED=("${OWN_ETC[@]}" env)
	under_the_shim_and_without is_served
	MAKE_SOCKETS=$ROOT/build/tests/make_sockets under_the_shim is_served
}

@test "a 32-bit loader refuses one path for all in /etc/ld.so.preload, says so and goes on" {
	needs_root
	needs_32_bit
	in_own_etc "$SHIM"
	WRAPPED=("${OWN_ETC[@]}" env)
	under_the_shim is_refused
	MAKE_SOCKETS=$ROOT/build/tests/make_sockets under_the_shim is_served
}

# Overlays number their files beyond 32 bits; without large file support stat(2) of them fails.
in_overlaid_etc() {
	in_own_etc "$SHIM32"
	mkdir upper work lower
	OWN_ETC=(unshare --mount sh -c "mount -t tmpfs none lower && cp -p etc/* lower/ && mount -t overlay -o \
		xino=on,lowerdir=lower,upperdir=upper,workdir=work none /etc && exec \"\$@\"" sh)
	[ "$("${OWN_ETC[@]}" stat -c %i /etc/kashim.conf 2>/dev/null | wc -c)" -gt 11 ] || skip "no overlay with large numbers"
	"${OWN_ETC[@]}" "$ROOT/build/kashim" compile /etc/kashim.conf >/dev/null
}

@test "32-bit programs find files with inode numbers beyond 32 bits" {
	needs_root
	needs_32_bit
	in_overlaid_etc
	WRAPPED=("${OWN_ETC[@]}" env KASHIM_LOG=stderr "KASHIM_CONF=/etc/kashim.conf")
	# LD_PRELOAD would have it compiled anew each time.
	under_the_shim makes 3 three
	not grep 'kashim\[' log
}

# It has no /etc/ld.so.preload, and takes $LIB as it stands.
@test "musl programs pass over in silence what is written for glibc's loader alone" {
	needs_root
	built_make_sockets musl-gcc
	in_own_etc "$SHIM"
	WRAPPED=("${OWN_ETC[@]}" env)
	under_the_shim is_left_alone
	# shellcheck disable=SC2016 # this loader does not expand it
	SHIM='/usr/$LIB/libkashim.so' wrap env
	under_the_shim is_left_alone
}

# Static programs have no loader. That the library would have come is shown by the ones above.
static() {
	built_make_sockets "$@"
	not grep -q INTERP <(readelf -l make_sockets)
	under_the_shim is_left_alone
	[ "$(id -u)" = 0 ] || return 0
	in_own_etc "$SHIM"
	WRAPPED=("${OWN_ETC[@]}" env)
	under_the_shim is_left_alone
}

@test "static programs stay untouched and silent" {
	static gcc -static
}

@test "static-pie programs stay untouched and silent" {
	static gcc -static-pie -fPIE
}

@test "static musl programs stay untouched and silent" {
	static musl-gcc -static
}

@test "static 32-bit programs stay untouched and silent" {
	static gcc -m32 -static
}
