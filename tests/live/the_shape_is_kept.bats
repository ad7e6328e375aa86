#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What holds the sources together, and what one place says that another one has to say, too.

load ../lib/live

# The keys of the option table.
option_keys() {
	sed -n 's/^\t\[OPTION_[A-Z_]*\] = { "\([a-z_]*\)".*/\1/p' "$ROOT/conf/policy/option.c"
}

condition_keys() {
	sed -n 's/^\t\[CONDITION_[A-Z_]*\] = "\([a-z_]*\)".*/\1/p' "$ROOT/conf/policy/policy.c"
}

@test "only read.c includes libconfig.h" {
	[ "$(grep -rl '^#include <libconfig.h>' "$ROOT/conf" "$ROOT/shim" "$ROOT/scripts")" = "$ROOT/conf/language/read.c" ]
}

@test "every option of the table stands in kashim.conf(5) and in kashim.conf" {
	[ "$(option_keys | wc -l)" -ge 9 ] || fail "the table is not found"
	for key in $(option_keys) mode profile; do
		grep -q "^\.It Ic $key\( \|\$\)" "$ROOT/conf/kashim.conf.5" || fail "$key is not in kashim.conf(5)"
		grep -q "^	\(# \)\?$key = " "$ROOT/conf/kashim.conf" || fail "$key is not in kashim.conf"
	done
}

@test "every condition stands in kashim.conf(5) and in kashim.conf" {
	[ "$(condition_keys | wc -l)" = 7 ] || fail "the conditions are not found"
	for key in $(condition_keys) direction; do
		grep -q "^\.It Ic.* $key\( \|\$\)" "$ROOT/conf/kashim.conf.5" || fail "$key is not in kashim.conf(5)"
		grep -q "\<$key\>" "$ROOT/conf/kashim.conf" || fail "$key is not in kashim.conf"
	done
}

@test "every example and the configuration itself pass kashim check" {
	for example in "$ROOT"/conf/kashim.conf "$ROOT"/conf/examples/*.conf; do
		"$ROOT/build/kashim" check "$example"
	done
}

@test "kashim.conf with everything switched on passes kashim check, too" {
	sed -e 's/^# \(profiles\|rules\|log\|);\|};\)/\1/' -e 's/^#	/	/' -e 's/^	# \([a-z_]* =\)/	\1/' \
		-e '/path_timeout = "350s"/d' "$ROOT/conf/kashim.conf" >all.conf
	grep -q '^rules' all.conf || fail "nothing was switched on"
	grep -v 'user = "backup"' all.conf >some.conf
	"$ROOT/build/kashim" check --print some.conf >printed
	grep -q 'window_clamp' printed
}

@test "every interposed function is in libkashim(7)" {
	sed -n 's/^		\([a-z0-9]*\);$/\1/p' "$ROOT/shim/libkashim.map" >names
	[ -s names ] || fail "the map is not found"
	while read -r name; do
		grep -q "^\.It Xr .*\<$name\> 2" "$ROOT/shim/libkashim.7" || fail "$name is not in libkashim(7)"
	done <names
}

# The commands, and the options of one, as the table has them.
commands() {
	"$ROOT/build/kashim" help --table | sed -n 's/^command\t\([a-z]*\)\t.*/\1/p'
}

options_of() {
	"$ROOT/build/kashim" help "$1" | sed -n 's/^  --\([a-z-]*\).*/\1/p' | grep -vx help
}

# What the manuals say of a command, and of options that several have.
paragraph_of() {
	cat "$ROOT"/scripts/*.1 "$ROOT"/scripts/host/*.8 | awk -v name="$1" '/^\.S[sh] / { on = /Options of several/ || $2 " " $3 == "kashim " name } on'
}

@test "every command is in a manual and has help" {
	[ "$(commands | wc -l)" -ge 11 ] || fail "$(commands)"
	for name in $(commands); do
		grep -q "^\.\(Ss\|It\|Nm\) .*\<$name\>" "$ROOT"/scripts/*.[18] "$ROOT"/scripts/host/*.8 || fail "$name is not in a manual"
		"$ROOT/build/kashim" help | grep -q "^  $name  "
		"$ROOT/build/kashim" "$name" --help | head -n 1 | grep -q "^usage: kashim $name"
	done
}

@test "every option of every command is in the manual" {
	for name in $(commands); do
		[ -n "$(options_of "$name")" ] || fail "$name has no options"
		for option in $(options_of "$name"); do
			paragraph_of "$name" | grep -q "^\.It Fl .*-$option\>" || fail "--$option of $name is not in the manual"
		done
	done
}

@test "every setting that can be written is an option of kashim run, with help of its own" {
	# shellcheck disable=SC2094 # "help" is a command, and a file
	"$ROOT/build/kashim" help run >help
	for key in $(option_keys) mode profile; do
		grep -q "^  --$(printf %s "$key" | tr _ -) [A-Z]*  *[a-z]" help || fail "$key is not in the help"
	done
	not grep 'see kashim.conf(5)' help
}

# json_string(json, "key", ...): those that are written so.
json_keys() {
	cat "$ROOT"/scripts/command/*.c | tr -d '\n\t' |
		grep -oE 'json_(place\((&?json|&?output->json), "[a-z_]+", |[a-z]+\((&?json|&?output->json), )"[a-z_]+"' | grep -oE '"[a-z_]+"' | tr -d '"' | sort -u
}

@test "every key of JSON is in kashim-json(5)" {
	[ "$(json_keys | wc -l)" -ge 40 ] || fail "the keys are not found: $(json_keys)"
	for key in $(json_keys); do
		grep -qE "^\.?(It )?Li (.*, )?$key( |\$)" "$ROOT/scripts/kashim-json.5" || fail "$key is not in kashim-json(5)"
	done
}
