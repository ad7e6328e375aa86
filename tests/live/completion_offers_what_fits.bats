#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the shells offer after these words. bash is asked through its completion function, zsh in a terminal of its own.

load ../lib/live

# The words so far; the last one is being written. Answers stand in COMPREPLY.
offer() {
	COMP_WORDS=("$ROOT/build/kashim" "$@")
	COMP_CWORD=$#
	COMPREPLY=()
	_kashim || :
}

offers() {
	local wanted
	for wanted; do
		[[ " ${COMPREPLY[*]} " == *" $wanted "* ]] || fail "no $wanted: ${COMPREPLY[*]}" || return
	done
}

bash_completion() {
	complete() { :; }
	compopt() { :; }
	# shellcheck source=/dev/null
	. "$ROOT/scripts/completions/kashim.bash"
}

@test "bash completes the names of commands" {
	bash_completion
	offer ''
	offers run check compile explain profiles status apply enable disable system help
	offer st
	[ "${COMPREPLY[*]}" = status ]
}

@test "bash completes options, values and units" {
	bash_completion
	offer run --
	offers --conf --mode --profile --path-timeout --idle --interval --count --retransmit-max --user-timeout --verbose --best-effort
	offer status --
	offers --unprotected --json --conf
	offer apply --
	offers --all --dry-run --json
	offer system ''
	offers enable disable status
	offer enable --
	offers --now --root
	offer run --mode ''
	offers force suggest off
	offer run --idle = 3
	offers 30s
	offer run --user-timeout a
	[ "${COMPREPLY[*]}" = auto ]
}

@test "bash completes the names of profiles" {
	bash_completion
	export KASHIM_CONF=$PWD/p.conf
	printf 'profiles: { head-office = { idle = 5; }; };\n' >p.conf
	offer run --profile ''
	offers head-office aws-nlb home-router
	not offers PROFILE
	offer profiles az
	[ "${COMPREPLY[*]}" = azure-lb ]
}

@test "bash completes programs to run, and processes that run" {
	bash_completion
	offer run nsent
	offers nsenter
	offer explain --connect 10.0.0.1 : 80 nsent
	offers nsenter
	cp "$(command -v sleep)" legacy-sleep
	start_plain ./legacy-sleep 60
	wait_for is_started
	offer status legacy-
	[ "${COMPREPLY[*]}" = legacy-sleep ] || fail "${COMPREPLY[*]}"
	offer apply "$PID"
	offers "$PID"
}

is_started() {
	[ "$(cat "/proc/$PID/comm")" = legacy-sleep ]
}

# In a terminal without a prompt, a line and two tabs make zsh show all of these words.
zsh_offers() {
	cat >ask.zsh <<-'END'
		zmodload zsh/zpty
		directory=$1 line=$2
		shift 2
		zpty -b shell zsh -f -i
		zpty -w shell "PS1=; fpath=($directory \$fpath); autoload -Uz compinit; compinit -u -d $PWD/dump; LISTMAX=0; stty columns 200; print re''ady"
		seen= tries=0
		until [[ $seen == *ready* ]]; do
			zpty -r -t shell part || sleep 0.05
			seen+=$part part=
			(( ++tries < 400 )) || exit 1
		done
		zpty -w -n shell "$line"$'\t\t'
		seen=
		while (( $# )); do
			zpty -r -t shell part || sleep 0.05
			seen+=$part part=
			while (( $# )) && [[ $seen == *$1* ]]; do
				shift
			done
			(( ++tries < 400 )) || { print -r -- "no $1: $seen"; exit 1 }
		done
		zpty -d shell
	END
	mkdir -p functions
	cp "$ROOT/scripts/completions/kashim.zsh" functions/_kashim
	PATH=$ROOT/build:$PATH TERM=xterm timeout 60 zsh -f ask.zsh "$PWD/functions" "$@" >zsh.out 2>&1 </dev/null 3>&- ||
		fail "$(cat -v zsh.out)"
}

@test "zsh completes commands, options and values" {
	needs zsh
	zsh -n "$ROOT/scripts/completions/kashim.zsh"
	zsh_offers 'kashim ' run check compile explain profiles status apply enable disable system
	zsh_offers 'kashim system ' enable disable status
	zsh_offers 'kashim enable --' --now --root
	zsh_offers 'kashim status --' --unprotected --json --conf
	zsh_offers 'kashim run --mode ' force suggest off
	zsh_offers 'kashim run --profile a' aws-nat-gateway azure-lb
}
