#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# kashim system enable tries the library out where no other program sees it. Each of these libraries breaks programs of
# some kind, is refused, and /etc/ld.so.preload stays as it was.

load ../lib/live
load ../lib/play
load ../lib/host

setup_file() {
	install_image
}

# A library whose constructor does this.
constructor() {
	{
		printf '#include <%s>\n' errno.h signal.h stdio.h stdlib.h string.h unistd.h sys/auxv.h
		printf '__attribute__((constructor)) static void start(void) { %s }\n' "$1"
	} >library.c
	shift
	compiler -D_GNU_SOURCE -shared -fPIC -o "$LIBRARY_FILE" library.c "$@"
}

given_a_host() {
	needs_root
	open_host
	LIBRARY_FILE=$(echo "$HOST_ROOT"/usr/local/lib/*/libkashim.so)
	[ -f "$LIBRARY_FILE" ] || LIBRARY_FILE=$HOST_ROOT/usr/local/lib/libkashim.so
	[ -f "$LIBRARY_FILE" ]
	load_nothing
}

# Refused, for this reason, and then nothing is different.
refused() {
	run_in_host kashim system enable
	[ "$RESULT" -eq 1 ] || fail "status $RESULT: $(cat out err)" || return
	grep -q -e "$1" err || fail "not \"$1\": $(cat err)" || return
	grep -q '/etc/ld.so.preload is as it was' err || fail "$(cat err)" || return
	[ "$(preload_file)" = '# a comment' ] || fail "$(preload_file)" || return
	[ "$(cd "$HOST_ROOT/etc" && echo ld.so.preload*)" = ld.so.preload ] || fail "left: $(ls "$HOST_ROOT/etc")" || return
	in_host ls / >/dev/null
}

# The control: the same by hand.
breaks() {
	local status=0
	load_it
	timeout -s KILL "$PATIENCE" "${HOST[@]}" "$@" >out 2>err 3>&- </dev/null || status=$?
	load_nothing
	[ "$status" -ne 0 ] || [ -s err ] || fail "control: it breaks nothing: $(cat out)"
}

# The control of a constructor that says so and then never ends.
hangs() {
	local family
	load_it
	start_in_host hung "$@"
	wait_for grep -qx 'it hangs' hung.log || fail "control: $(cat hung.log)"
	load_nothing
	mapfile -t family < <(family_of "${STARTED[-1]}")
	kill -KILL "${family[@]}"
}

load_it() {
	printf '%s\n' "/${LIBRARY_FILE#"$HOST_ROOT"/}" >"$HOST_ROOT/etc/ld.so.preload"
}

load_nothing() {
	printf '# a comment\n' >"$HOST_ROOT/etc/ld.so.preload"
}

@test "enable accepts the library that the host has: the control" {
	given_a_host
	run_in_host kashim system enable
	[ "$RESULT" -eq 0 ] || fail "$(cat err)"
	grep -q '/libkashim\.so$' "$HOST_ROOT/etc/ld.so.preload"
	in_host grep -q libkashim.so /proc/self/maps
}

@test "enable refuses a library whose own library is missing" {
	given_a_host
	echo 'int gone;' >gone.c
	compiler -shared -fPIC -o libgone.so gone.c
	constructor '' -Wl,--no-as-needed -L. -lgone
	breaks ls /
	refused 'libgone\.so'
}

@test "enable refuses a library with an undefined symbol" {
	given_a_host
	constructor 'extern void gone(void); gone();' -Wl,-z,now
	breaks ls /
	refused 'undefined symbol: gone'
}

@test "enable refuses a library that needs a newer libc" {
	given_a_host
	sed -i 's/GLIBC_2\.2\.5/GLIBC_9.9.9/g' "$LIBRARY_FILE"
	grep -q GLIBC_9.9.9 "$LIBRARY_FILE" || skip "another architecture"
	breaks ls /
	refused "version \`GLIBC_9.9.9' not found"
}

@test "enable refuses a library that is truncated after its headers" {
	given_a_host
	truncate -s 4096 "$LIBRARY_FILE"
	breaks ls /
	refused 'the self-test failed'
}

@test "enable refuses a library that is empty, garbage, of another class or missing" {
	given_a_host
	cp "$LIBRARY_FILE" good
	: >"$LIBRARY_FILE"
	breaks ls /
	refused 'file too short'
	head -c 9000 /dev/zero | tr '\0' x >"$LIBRARY_FILE"
	breaks ls /
	refused 'invalid ELF header'
	cp good "$LIBRARY_FILE"
	printf '\001' | dd of="$LIBRARY_FILE" bs=1 seek=4 conv=notrunc status=none
	breaks ls /
	refused 'wrong ELF class'
	rm "$LIBRARY_FILE"
	breaks ls /
	refused 'is missing'
}

@test "enable refuses a library that others than root can change or that not all can read" {
	given_a_host
	chmod 600 "$LIBRARY_FILE"
	refused 'not open to all users: chmod go+r'
	chmod 664 "$LIBRARY_FILE"
	refused 'can be written by others than root'
	chmod 644 "$LIBRARY_FILE"
	chown 65534 "$LIBRARY_FILE"
	refused 'belongs to another user'
	chown 0 "$LIBRARY_FILE"
	chmod 1777 "$(dirname "$LIBRARY_FILE")"
	refused 'can be written by others than root'
	chmod 700 "$(dirname "$LIBRARY_FILE")"
	refused 'not open to all users: chmod go+x'
}

@test "enable refuses a library whose constructor crashes, exits, prints or fails" {
	given_a_host
	constructor 'raise(SIGSEGV);'
	breaks ls /
	refused 'the self-test failed: true: status 139'
	constructor 'abort();'
	refused 'the self-test failed: true: status 134'
	constructor '_exit(0);'
	refused 'the self-test failed'
	constructor 'write(2, "hello\n", 6);'
	breaks ls /
	refused 'the self-test failed: true: status 0: hello'
	constructor 'printf("hello\n");'
	refused 'the self-test failed'
}

@test "enable refuses a library whose constructor hangs" {
	given_a_host
	constructor 'write(2, "it hangs\n", 9); for (;;) pause();'
	hangs ls /
	refused 'did not end within'
}

@test "enable refuses a library that breaks programs of one kind alone" {
	given_a_host
	constructor 'if (getenv("PATH") == NULL) abort();'
	refused 'empty-environment'
	constructor 'if (getuid() == 65534) abort();'
	refused 'nobody'
	constructor 'if (getauxval(AT_SECURE)) abort();'
	refused 'set-uid'
	constructor 'if (strcmp(program_invocation_short_name, "kashim") == 0) abort();'
	refused 'policy'
	constructor 'if (strcmp(program_invocation_short_name, "sh") == 0) abort();'
	refused 'shell'
}

@test "enable refuses a library that breaks the package manager's helpers" {
	given_a_host
	needs dpkg
	constructor 'if (strcmp(program_invocation_short_name, "dpkg-query") == 0) abort();'
	refused 'dpkg-query'
}
