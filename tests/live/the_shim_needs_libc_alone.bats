#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A preloaded library that needs another one fails every program of the host when that one is gone.

load ../lib/live

@test "libc is the only library it needs" {
	needs readelf
	[ "$(readelf -d "$SHIM" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')" = libc.so.6 ] || fail "$(readelf -d "$SHIM")"
}

@test "it defines the names in its map, and no other" {
	needs nm
	nm -D --defined-only "$SHIM" | sed 's/.* //; s/@.*//' | sort >defined
	sed -n 's/^[[:space:]]*\([a-z0-9_]*\);$/\1/p' "$ROOT/shim/libkashim.map" | sort >named
	[ "$(wc -l <named)" -ge 6 ]
	diff named defined
}

@test "each name in its map stands in the source of the door" {
	sed -n 's/^[[:space:]]*\([a-z0-9_]*\);$/\1/p' "$ROOT/shim/libkashim.map" | sort >named
	grep -A 1 ^EXPORT "$ROOT/shim/interpose.c" | sed -n 's/^\([a-z0-9_]*\)(.*/\1/p' | sort >exported
	diff named exported
}

# FORTIFY's functions are glibc's alone, and so is what only the newest glibc has.
@test "it calls nothing that only some C libraries have" {
	needs nm
	nm -D --undefined-only "$SHIM" | sed 's/.* //' >called
	grep -q '^dlsym@' called || fail "control: $(cat called)"
	not grep -E '_chk(@|$)' called
	not grep -E '^(malloc|calloc|realloc|free|exit|abort|.*printf.*)(@|$)' called
}

@test "it is complete once loaded" {
	needs readelf
	readelf -d "$SHIM" >dynamic
	grep -q 'FLAGS.*BIND_NOW\|FLAGS_1.*NOW' dynamic
	not grep TEXTREL dynamic
	readelf -lW "$SHIM" | grep GNU_STACK | grep -q ' RW '
}

# One more is a decision: it has to be in every libc that the library shall load in, and safe where the shim calls it.
allowed() {
	tr ' ' '\n' <<-'END'
		__environ __errno_location dladdr dlsym environ fnmatch fstatat getauxval memchr memcmp strchr
		strcmp strcspn strlen strncmp strrchr strspn syscall
	END
}

# What it needs, without the weak names that the compiler's start files mention and nobody has to have.
needed() {
	nm -D --undefined-only "$SHIM" | sed -n 's/^ *U //p' | sed 's/@.*//' | sort
}

@test "what it calls is on the list, and all of the list is called" {
	needs nm
	# Compilers may or may not call memcpy() and its like for what they copy, and every libc has them.
	diff <(allowed | sort) <(needed | grep -vx 'memcpy\|memset\|memmove\|bcmp')
}

@test "musl has all of it" {
	needs nm
	local musl
	musl=$(echo /lib/ld-musl-*.so.1)
	[ -e "$musl" ] || skip "musl is not installed"
	nm -D --defined-only "$musl" | sed 's/.* //' | sort >has
	needed >called
	[ -s called ]
	[ -z "$(comm -23 called has)" ] || fail "musl has no $(comm -23 called has)"
}

@test "it asks for no newer glibc than 2.34, and resolves nothing while it is loaded" {
	needs readelf
	readelf -V "$SHIM" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1 >newest
	[ "$(printf '%s\nGLIBC_2.34\n' "$(cat newest)" | sort -V | tail -n 1)" = GLIBC_2.34 ] || fail "$(cat newest)"
	not grep -i 'irelativ\|ifunc' <(readelf -rW "$SHIM"; readelf -sW "$SHIM")
}
