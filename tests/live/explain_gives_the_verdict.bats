#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A configuration and a command give this verdict, to the letter: golden/NAME/kashim.conf and its drop-ins, the command,
# and what is expected. Without a command it is `kashim check` that must fail, with these messages.

load ../lib/basics

setup() {
	unset LD_PRELOAD KASHIM KASHIM_CONF KASHIM_LOG KASHIM_VERBOSE
	export LC_ALL=C
	[ -x "$ROOT/build/kashim" ] || fail "build first: make"
}

# A case runs in a directory of its own, so that nothing of this tree stands in what is printed.
enter() {
	cp -R "$BATS_TEST_DIRNAME/golden/$1" "$BATS_TEST_TMPDIR/case"
	chmod -R go-w "$BATS_TEST_TMPDIR/case"
	cd "$BATS_TEST_TMPDIR/case" || return
	HERE=$(pwd -P)
	PATH=$HERE/bin:$ROOT/build:$PATH
}

# What was printed is what stands in the golden file, where CASE is the case's directory. What it says of data in flight
# is for kernels that have retransmit_max.
same() {
	local lines=.
	[ -z "$(lack_of retransmit-max)" ] || lines='^(in flight|          (user_timeout|sysctl)) '
	diff -u <(keep "$lines" "$BATS_TEST_DIRNAME/golden/$NAME/$1") <(sed "s|$HERE|CASE|g" "$2" | keep "$lines" -)
}

keep() {
	if [ "$1" = . ]; then
		cat "$2"
	else
		grep -vE "$1" "$2"
	fi
}

verdict() {
	NAME=$1
	enter "$NAME"
	KASHIM_CONF=kashim.conf sh -eu ./command >out 2>err || fail "exit status $?: $(cat err)"
	[ ! -s err ] || fail "on stderr: $(cat err)"
	same expected out
}

refused() {
	local status=0
	NAME=$1
	enter "$NAME"
	KASHIM_CONF=kashim.conf kashim check >out 2>err || status=$?
	[ "$status" -eq 1 ] || fail "exit status $status"
	[ ! -s out ] || fail "on stdout: $(cat out)"
	same expected_errors err
}

@test "program decides" {
	verdict program_decides
}

@test "whole path decides" {
	verdict whole_path_decides
}

@test "argument decides" {
	verdict argument_decides
}

@test "user decides by number" {
	needs user-namespaces
	verdict user_decides_by_number
}

@test "scripts share an interpreter" {
	verdict scripts_share_an_interpreter
}

@test "env script has the name of its interpreter" {
	verdict env_script_has_the_name_of_its_interpreter
}

@test "first match wins" {
	verdict first_match_wins
}

@test "dropins come first" {
	verdict dropins_come_first
}

@test "profile of a rule" {
	verdict profile_of_a_rule
}

@test "profile of defaults" {
	verdict profile_of_defaults
}

@test "off leaves alone" {
	verdict off_leaves_alone
}

@test "rule under defaults off is force" {
	verdict rule_under_defaults_off_is_force
}

@test "variable comes before all rules" {
	verdict variable_comes_before_all_rules
}

@test "connections decide" {
	verdict connections_decide
}

@test "empty configuration is the builtin policy" {
	verdict empty_configuration_is_the_builtin_policy
}

@test "refused: ten errors" {
	refused ten_errors
}

@test "refused: unknown keys" {
	refused unknown_keys
}

@test "refused: wrong types" {
	refused wrong_types
}

@test "refused: wrong values" {
	refused wrong_values
}

@test "refused: bracket without end" {
	refused bracket_without_end
}

@test "refused: string without end" {
	refused string_without_end
}

@test "refused: include is not supported" {
	refused include_is_not_supported
}

@test "refused: not libconfig" {
	refused not_libconfig
}

@test "refused: given twice" {
	refused given_twice
}

@test "refused: dropins are named" {
	refused dropins_are_named
}

@test "refused: places are exact" {
	refused places_are_exact
}

@test "ten errors are ten messages" {
	[ "$(grep -c '^kashim.conf:[0-9]*: ' "$BATS_TEST_DIRNAME/golden/ten_errors/expected_errors")" -eq 10 ]
}

@test "every case is run" {
	local directory name
	for directory in "$BATS_TEST_DIRNAME"/golden/*/; do
		name=$(basename "$directory")
		grep -qE "^	(verdict|refused) $name\$" "$BATS_TEST_FILENAME" || fail "$name is not run"
	done
}
