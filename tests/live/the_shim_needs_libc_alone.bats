#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A preloaded library that needs another one fails every program of the host when that one is gone.

load ../lib/live

@test "libc is the only library that the shim needs" {
	needs readelf
	[ "$(readelf -d "$SHIM" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')" = libc.so.6 ] || fail "$(readelf -d "$SHIM")"
}

@test "the shim defines the names in its map, and no other" {
	needs nm
	nm -D --defined-only "$SHIM" | sed 's/.* //; s/@.*//' | sort >defined
	# Names that end in 64 are for 64-bit time on 32-bit machines.
	sed -n 's/^[[:space:]]*\([a-z0-9_]*\);$/\1/p' "$ROOT/shim/libkashim.map" | sort >all
	if readelf -h "$SHIM" | grep -q ELF64; then grep -v '64$' all; else cat all; fi >named
	[ "$(wc -l <named)" -ge 6 ]
	diff named defined
}

@test "each name in the shim's map stands in the source of the door" {
	sed -n 's/^[[:space:]]*\([a-z0-9_]*\);$/\1/p' "$ROOT/shim/libkashim.map" | sort >named
	grep -A 1 ^EXPORT "$ROOT/shim/interpose.c" | sed -n 's/^\(EXPORT int \)\?\([a-z0-9_]*\)(.*/\2/p' | sort -u >exported
	diff named exported
}

# FORTIFY's functions are glibc's alone, and so is what only the newest glibc has.
@test "the shim calls nothing that only some C libraries have" {
	needs nm
	nm -D --undefined-only "$SHIM" | sed 's/.* //' >called
	grep -q "^dl_iterate_phdr@" called || fail "control: $(cat called)"
	not grep -E '_chk(@|$)' called
	not grep -E '^(malloc|calloc|realloc|free|exit|abort|.*printf.*)(@|$)' called
}

@test "the shim is complete once loaded" {
	needs readelf
	readelf -d "$SHIM" >dynamic
	grep -q 'FLAGS.*BIND_NOW\|FLAGS_1.*NOW' dynamic
	not grep TEXTREL dynamic
	readelf -lW "$SHIM" | grep GNU_STACK | grep -q ' RW '
}

# One more is a decision: it has to be in every libc that the library shall load in, and safe where the shim calls it.
allowed() {
	tr ' ' '\n' <<-'END'
		__environ __errno_location dl_iterate_phdr environ fnmatch getauxval memchr memcmp strchr
		strcmp strcspn strlen strncmp strrchr strspn syscall
	END
}

# What it needs, without the weak names that the compiler's start files mention and nobody has to have.
needed() {
	nm -D --undefined-only "$SHIM" | sed -n 's/^ *U //p' | sed 's/@.*//' | sort
}

@test "what the shim calls is on the list, and all of the list is called" {
	needs nm
	# Compilers may or may not call memcpy() and its like for what they copy, and every libc has them.
	diff <(allowed | sort) <(needed | grep -vx 'memcpy\|memset\|memmove\|bcmp')
}

@test "musl has every function that the shim calls" {
	needs nm
	local musl
	musl=$(echo /lib/ld-musl-*.so.1)
	needs musl
	nm -D --defined-only "$musl" | sed 's/.* //' | sort >has
	needed >called
	[ -s called ]
	[ -z "$(comm -23 called has)" ] || fail "musl has no $(comm -23 called has)"
}

# The first glibc that some machines have is newer.
oldest_glibc() {
	case $(uname -m) in
	riscv64) echo GLIBC_2.27 ;;
	loongarch64) echo GLIBC_2.36 ;;
	*) echo GLIBC_2.17 ;;
	esac
}

@test "the shim asks for no newer glibc than 2.17, and resolves nothing while it is loaded" {
	needs readelf
	readelf -V "$SHIM" | grep -o 'GLIBC_[A-Z0-9._]*' | sort -uV >versions
	[ -s versions ]
	not grep -v '^GLIBC_[0-9.]*$' versions
	[ "$( (cat versions && oldest_glibc) | sort -V | tail -n 1)" = "$(oldest_glibc)" ] || fail "$(cat versions)"
	not grep -i 'irelativ\|ifunc' <(readelf -rW "$SHIM"; readelf -sW "$SHIM")
}

# The order of constructors is nothing to rely on, and after ours all that can be written is read-only: so nobody else may
# have any, nor a variable. On arm64 libgcc has both, for its atomic operations, if it is asked.
@test "the shim's constructor is the only one, and its variables are its own" {
	needs readelf
	needs nm
	local pointer
	pointer=$(readelf -h "$SHIM" | sed -n 's/.*Class: *ELF//p')
	[ "$(readelf -dW "$SHIM" | sed -n 's/.*(INIT_ARRAYSZ) *\([0-9]*\) .*/\1/p')" = $((pointer / 8)) ] || fail "$(readelf -dW "$SHIM")"
	not grep -E '\((INIT|FINI|PREINIT_ARRAY|FINI_ARRAY)\)' <(readelf -dW "$SHIM")
	not grep -E ' \.(data|tdata|tbss|ctors|dtors|init|fini)  ' <(readelf -SW "$SHIM")
	nm "$SHIM" | sed -n 's/.* [bB] \([^$]\)/\1/p' | sort >variables
	[ -s variables ]
	sed -n 's/^[^( ][^(]*\<\([a-z_]*\);$/\1/p; s/^_Atomic(.*) \([a-z_]*\);$/\1/p; s/^} \([a-z_]*\);$/\1/p' "$ROOT"/shim/*.c | sort >ours
	[ -z "$(comm -23 variables ours)" ] || fail "$(comm -23 variables ours)"
}
