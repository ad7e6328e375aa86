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

@test "it is complete, and its relocations are read-only once loaded" {
	needs readelf
	readelf -d "$SHIM" >dynamic
	grep -q 'FLAGS.*BIND_NOW\|FLAGS_1.*NOW' dynamic
	readelf -lW "$SHIM" | grep -q GNU_RELRO
	not grep TEXTREL dynamic
	readelf -lW "$SHIM" | grep GNU_STACK | grep -q ' RW '
}
