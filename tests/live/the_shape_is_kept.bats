#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What holds the sources together, and what one place says that another one has to say, too.

load ../lib/live

# The keys of the option table.
option_keys() {
	sed -n 's/^\t\[OPTION_[A-Z_]*\] = { "\([a-z_]*\)".*/\1/p' "$ROOT/conf/option.c"
}

condition_keys() {
	sed -n 's/^\t\[CONDITION_[A-Z_]*\] = "\([a-z_]*\)".*/\1/p' "$ROOT/conf/policy.c"
}

@test "only read.c includes libconfig.h" {
	[ "$(grep -rl '^#include <libconfig.h>' "$ROOT/conf" "$ROOT/shim")" = "$ROOT/conf/read.c" ]
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
		"$ROOT/scripts/kashim" check "$example"
	done
}

@test "kashim.conf with everything switched on passes, too" {
	sed -e 's/^# \(profiles\|rules\|log\|);\|};\)/\1/' -e 's/^#	/	/' -e 's/^	# \([a-z_]* =\)/	\1/' \
		-e '/path_timeout = "350s"/d' "$ROOT/conf/kashim.conf" >all.conf
	grep -q '^rules' all.conf || fail "nothing was switched on"
	grep -v 'user = "backup"' all.conf >some.conf
	"$ROOT/scripts/kashim" check --print some.conf >printed
	grep -q 'window_clamp' printed
}

@test "every interposed function is in libkashim(7)" {
	sed -n 's/^		\([a-z0-9]*\);$/\1/p' "$ROOT/shim/libkashim.map" >names
	[ -s names ] || fail "the map is not found"
	while read -r name; do
		grep -q "^\.It Xr .*\<$name\> 2" "$ROOT/shim/libkashim.7" || fail "$name is not in libkashim(7)"
	done <names
}

@test "every command and every option of run is in kashim(1), in --help and in the completion" {
	for name in run check compile explain profiles; do
		grep -q "^\.\(Ss\|It\) .*\<$name\>" "$ROOT/scripts/kashim.1" || fail "$name is not in kashim(1)"
		"$ROOT/scripts/kashim" | grep -q "^  $name " || fail "$name is not in the usage"
		"$ROOT/scripts/kashim" "$name" --help | head -n 1 | grep -q "^usage: kashim $name"
		grep -q "\<$name\>" "$ROOT/scripts/completions/kashim.bash" || fail "$name is not completed"
	done
	for option in conf mode profile path-timeout idle interval count user-timeout verbose best-effort; do
		grep -q "Fl \\\\*&*-$option\>" "$ROOT/scripts/kashim.1" || fail "--$option is not in kashim(1)"
		"$ROOT/scripts/kashim" help run | grep -q -e "--$option\>" || fail "--$option is not in the help"
		grep -q -e "--$option\>" "$ROOT/scripts/completions/kashim.bash" || fail "--$option is not completed"
	done
}
