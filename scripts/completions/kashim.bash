# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of kashim(1) for bash. What there is to complete comes from the command itself: kashim help --table.

# Set `commands`; and of command $1, what stands behind its options in `operands`, and its options with what each takes as
# a value, or -, in `arguments`.
_kashim_read_table() {
	local kind name value current=
	commands=()
	arguments=()
	operands=
	while IFS=$'\t' read -r kind name value _; do
		if [[ $kind == command ]]; then
			commands+=("$name")
			current=$name
			[[ $current != "$1" ]] || operands=$value
		elif [[ $current == "$1" ]]; then
			arguments[$name]=$value
		fi
	done < <("${COMP_WORDS[0]}" help --table 2>/dev/null)
}

# Offer the words of $1 that start with what is there.
_kashim_words() {
	mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_kashim_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
}

# Those of the configuration and those built in; the first line is the heading.
_kashim_profiles() {
	"${COMP_WORDS[0]}" profiles 2>/dev/null | while read -r name _; do
		[[ $name == PROFILE ]] || printf '%s\n' "$name"
	done
}

# Services of systemd: those that have a file.
_kashim_services() {
	cd / && for file in {etc,run,usr/lib,lib}/systemd/system/*.service; do
		[[ ! -e $file ]] || printf '%s\n' "${file##*/}"
	done
}

# Offer what may stand for $1: "DURATION|auto|off", "[PID | PROCESS]...".
_kashim_offer() {
	local kind
	for kind in ${1//[^A-Za-z:-]/ }; do
		case $kind in
		FILE) _kashim_files -f ;;
		DIR) _kashim_files -d ;;
		PROFILE) _kashim_words "$(_kashim_profiles)" ;;
		PID) _kashim_words "$(cd /proc && echo [0-9]*)" ;;
		PROCESS) _kashim_words "$(cat /proc/[0-9]*/comm 2>/dev/null)" ;;
		UNIT) _kashim_words "$(_kashim_services)" ;;
		COMMAND) _kashim_words "${commands[*]}" ;;
		DURATION) _kashim_words '5s 10s 30s 60s 2m 5m 350s 10m 15m 30m 1h' ;;
		NUMBER) _kashim_words '3 5 6 9' ;;
		*[A-Z]*) ;;
		*) _kashim_words "$kind" ;;
		esac
	done
}

# Set `operand` to the index of the first word that is no option, or to nothing where the current word still may be one.
# bash makes --idle=30 three words, and 10.0.0.1:80, too.
_kashim_find_operand() {
	local at=2

	operand=
	while ((at <= COMP_CWORD)); do
		case ${COMP_WORDS[at]} in
		--)
			((at < COMP_CWORD)) && operand=$((at + 1))
			return
			;;
		-*)
			if [[ ${arguments[${COMP_WORDS[at]}]:--} == - ]]; then
				((at += 1))
				continue
			fi
			((at += 2))
			[[ ${COMP_WORDS[at - 1]-} != = ]] || ((at += 1))
			while [[ ${COMP_WORDS[at]-} =~ ^:+$ ]]; do
				((at += 2))
			done
			;;
		*)
			operand=$at
			return
			;;
		esac
	done
}

# Another command with its own arguments, from word $1 on.
_kashim_program() {
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$1"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif ((COMP_CWORD > $1)) || [[ $cur == */* ]]; then
		_kashim_files -f
	else
		mapfile -t COMPREPLY < <(compgen -c -- "$cur" | sort -u)
	fi
}

_kashim() {
	local cur=${COMP_WORDS[COMP_CWORD]}
	local option=${COMP_WORDS[COMP_CWORD - 1]}
	local operand operands
	local -a commands
	local -A arguments

	COMPREPLY=()
	_kashim_read_table "${COMP_WORDS[1]}"
	if ((COMP_CWORD == 1)); then
		_kashim_words "${commands[*]} --help --version"
		return
	fi
	_kashim_find_operand
	if [[ $operands == *PROGRAM* && -n $operand ]]; then
		_kashim_program "$operand"
		return
	fi
	if [[ $cur == = ]]; then
		cur=
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [[ $option == --?* && ${arguments[$option]:--} != - ]]; then
		_kashim_offer "${arguments[$option]}"
	elif [[ $cur == -* || $operands == *PROGRAM* ]]; then
		_kashim_words "${!arguments[*]} --"
	elif [[ $operands == *...* || ${operand:-$COMP_CWORD} == "$COMP_CWORD" ]]; then
		_kashim_offer "$operands"
	fi
}

complete -F _kashim kashim
