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

@test "explain says that the program's name decides" {
	verdict program_decides
}

@test "explain says that the program's whole path decides" {
	verdict whole_path_decides
}

@test "explain says that an argument decides" {
	verdict argument_decides
}

@test "explain says that the number of the user decides" {
	needs user-namespaces
	verdict user_decides_by_number
}

@test "explain tells scripts apart that share an interpreter" {
	verdict scripts_share_an_interpreter
}

@test "explain finds the interpreter's name behind env" {
	verdict env_script_has_the_name_of_its_interpreter
}

@test "explain says that the first match wins" {
	verdict first_match_wins
}

@test "explain says that drop-ins come first" {
	verdict dropins_come_first
}

@test "explain takes values from the profile of a rule" {
	verdict profile_of_a_rule
}

@test "explain takes values from the profile of defaults" {
	verdict profile_of_defaults
}

@test "explain says that off leaves sockets alone" {
	verdict off_leaves_alone
}

@test "explain says that a rule without a mode is tighten where defaults are off" {
	verdict rule_under_defaults_off_is_tighten
}

@test "explain says that the variable comes before all rules" {
	verdict variable_comes_before_all_rules
}

@test "explain says what connections decide" {
	verdict connections_decide
}

@test "explain says that an empty configuration is the built-in policy" {
	verdict empty_configuration_is_the_builtin_policy
}

@test "check refuses ten errors at once" {
	refused ten_errors
}

@test "check refuses unknown keys" {
	refused unknown_keys
}

@test "check refuses values of a wrong type" {
	refused wrong_types
}

@test "check refuses values out of range" {
	refused wrong_values
}

@test "check refuses a bracket without an end" {
	refused bracket_without_end
}

@test "check refuses a string without an end" {
	refused string_without_end
}

@test "check refuses @include, which is not supported" {
	refused include_is_not_supported
}

@test "check refuses what is not libconfig" {
	refused not_libconfig
}

@test "check refuses what is given twice" {
	refused given_twice
}

@test "check names the drop-in that is in error" {
	refused dropins_are_named
}

@test "check names lines and columns exactly" {
	refused places_are_exact
}

@test "check prints ten messages for ten errors" {
	[ "$(grep -c '^kashim.conf:[0-9]*: ' "$BATS_TEST_DIRNAME/golden/ten_errors/expected_errors")" -eq 10 ]
}

@test "every case in golden/ is run by a test" {
	local directory name
	for directory in "$BATS_TEST_DIRNAME"/golden/*/; do
		name=$(basename "$directory")
		grep -qE "^	(verdict|refused) $name\$" "$BATS_TEST_FILENAME" || fail "$name is not run"
	done
}
