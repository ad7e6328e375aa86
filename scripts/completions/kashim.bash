# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of kashim(1) for bash.

# Offer the words of $1 that start with what is there.
_kashim_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_kashim_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
}

# Those of the configuration and those built in; the first line is the heading.
_kashim_profiles() {
	_kashim_words "$("${COMP_WORDS[0]}" profiles 2>/dev/null | while read -r name _; do
		[[ $name == PROFILE ]] || printf '%s\n' "$name"
	done)"
}

# Processes that run: their numbers and names.
_kashim_processes() {
	_kashim_words "$(cat /proc/[0-9]*/comm 2>/dev/null) $(cd /proc && echo [0-9]*)"
}

# Services of systemd: those that have a file.
_kashim_services() {
	_kashim_words "$(cd / && for file in {etc,run,usr/lib,lib}/systemd/system/*.service; do
		[[ ! -e $file ]] || printf '%s\n' "${file##*/}"
	done)"
}

# The value of option $1. Returns 1 where the option has none.
_kashim_value() {
	case $1 in
	--conf) _kashim_files -f ;;
	--root) _kashim_files -d ;;
	--mode) _kashim_words 'force suggest off' ;;
	--profile) _kashim_profiles ;;
	--user-timeout) _kashim_words 'auto off 30s 2m' ;;
	--path-timeout) _kashim_words '240s 350s 5m 10m 15m 30m 1h' ;;
	--idle) _kashim_words '30s 60s 2m 5m' ;;
	--interval) _kashim_words '5s 10s 30s' ;;
	--count) _kashim_words '3 5 6 9' ;;
	--connect | --accept | --local) COMPREPLY=() ;;
	*) return 1 ;;
	esac
}

# Set `program` to the index of the first word that is no option of `kashim run` or `kashim explain`, or to
# nothing where the current word still may be an option. bash makes --idle=30 three words, and 10.0.0.1:80, too.
_kashim_find_program() {
	local at=2

	program=
	while ((at <= COMP_CWORD)); do
		case ${COMP_WORDS[at]} in
		--)
			((at < COMP_CWORD)) && program=$((at + 1))
			return
			;;
		--conf | --mode | --profile | --path-timeout | --idle | --interval | --count | --user-timeout | \
			--connect | --accept | --local)
			((at += 2))
			[[ ${COMP_WORDS[at - 1]-} != = ]] || ((at += 1))
			while [[ ${COMP_WORDS[at]-} =~ ^:+$ ]]; do
				((at += 2))
			done
			;;
		-*) ((at += 1)) ;;
		*)
			program=$at
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
	elif ((COMP_CWORD > $1)); then
		_kashim_files -f
	elif [[ $cur == */* ]]; then
		_kashim_files -f
	else
		mapfile -t COMPREPLY < <(compgen -c -- "$cur" | sort -u)
	fi
}

_kashim() {
	local cur=${COMP_WORDS[COMP_CWORD]}
	local option=${COMP_WORDS[COMP_CWORD - 1]}
	local commands='run check compile explain profiles status apply enable disable system help'
	local options program

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_kashim_words "$commands --help --version"
		return
	fi

	case ${COMP_WORDS[1]} in
	run)
		options='--conf --mode --profile --path-timeout --idle --interval --count --user-timeout
			--verbose --best-effort --help --'
		;;
	check) options='--print --json --help' ;;
	compile) options='--root --stdout --help' ;;
	explain) options='--connect --accept --local --verbose --json --conf --help --' ;;
	profiles) options='--path-timeout --json --conf --help' ;;
	status) options='--unprotected --json --conf --help' ;;
	apply) options='--all --dry-run --json --conf --help' ;;
	enable | disable) options='--now --root --help' ;;
	system) options='--best-effort --json --root --help' ;;
	help)
		((COMP_CWORD > 2)) || _kashim_words "${commands% help}"
		return
		;;
	*) return ;;
	esac

	if [[ ${COMP_WORDS[1]} == run || ${COMP_WORDS[1]} == explain ]]; then
		_kashim_find_program
		if [[ -n $program ]]; then
			_kashim_program "$program"
			return
		fi
	fi

	if [[ $cur == = ]]; then
		cur=
	elif [[ $option == = ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	_kashim_value "$option" && return
	case ${COMP_WORDS[1]} in
	check | compile)
		if [[ $cur == -* ]]; then
			_kashim_words "$options"
		else
			_kashim_files -f
		fi
		;;
	profiles)
		if [[ $cur == -* ]]; then
			_kashim_words "$options"
		else
			_kashim_profiles
		fi
		;;
	status | apply)
		if [[ $cur == -* ]]; then
			_kashim_words "$options"
		else
			_kashim_processes
		fi
		;;
	enable | disable)
		if [[ $cur == -* ]]; then
			_kashim_words "$options"
		else
			_kashim_services
		fi
		;;
	system)
		if ((COMP_CWORD == 2)); then
			_kashim_words 'enable disable status --help'
		else
			_kashim_words "$options"
		fi
		;;
	*) _kashim_words "$options" ;;
	esac
}

complete -F _kashim kashim
