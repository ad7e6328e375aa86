#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A folder says where its code may run: what it includes, and what it is linked into.

load ../lib/live

# The files of a room, and not those of the rooms in it.
files_of() {
	find "$ROOT/$1" -maxdepth 1 -name '*.[ch]'
}

# includes_only ROOM ROOM...: what stands in quotes in the first is a header of one of them.
includes_only() {
	local room=$1 line allowed found
	files_of "$room" | xargs grep -H '^#[[:blank:]]*include "' >includes
	[ -s includes ] || fail "control: nothing is included in $room" || return
	while IFS=: read -r file line; do
		line=${line#*\"}
		found=
		for allowed; do
			[ ! -e "$ROOT/$allowed/${line%\"*}" ] || found=yes
		done
		[ -n "$found" ] || fail "$file includes ${line%\"*}, which is in none of: $*" || return
	done <includes
}

# The sources that the Makefile links into something, by the variable with its objects.
sources_of() {
	make -s -C "$ROOT" --eval "print: ; @printf '%s\n' \$($1)" print | sed -e 's/\.o$/.c/' -e "s|^build/[a-z]*/||"
}

@test "conf/policy includes nothing but itself" {
	includes_only conf/policy
}

@test "conf/language includes the policy, and not the shim" {
	includes_only conf/language conf/policy
}

@test "shim/socket includes the policy, and not the rest of the shim" {
	includes_only shim/socket conf/policy
}

@test "the shim includes the policy and shim/socket, and not the language" {
	includes_only shim shim/socket conf/policy
}

@test "the command includes no part of the shim but shim/socket" {
	includes_only scripts/command conf/policy conf/language shim/socket
}

@test "a header's name stands in one room" {
	[ -z "$(find "$ROOT/conf" "$ROOT/shim" "$ROOT/scripts" -name '*.h' -printf '%f\n' | sort | uniq -d)" ]
}

@test "what is linked into the library is conf/policy and shim" {
	sources_of SHIM_OBJECTS >sources
	[ "$(wc -l <sources)" -ge 20 ] || fail "control: $(cat sources)"
	not grep -v -e '^conf/policy/[^/]*$' -e '^shim/[^/]*$' -e '^shim/socket/[^/]*$' sources
	not grep -q config_init <(nm -D "$ROOT/build/libkashim.so")
}

@test "nothing of shim but shim/socket is linked into the command" {
	sources_of COMMAND_OBJECTS >sources
	[ "$(wc -l <sources)" -ge 40 ] || fail "control: $(cat sources)"
	not grep -v -e '^conf/policy/[^/]*$' -e '^conf/language/[^/]*$' -e '^shim/socket/[^/]*$' -e '^scripts/command/[^/]*$' sources
	grep -q config_init <(nm -D "$ROOT/build/kashim") || fail "control: libconfig is linked otherwise"
}
