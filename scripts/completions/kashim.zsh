#compdef kashim
# SPDX-License-Identifier: MIT
# Completion of kashim(1) for zsh, installed as _kashim. What there is to complete comes from the command itself:
# kashim help --table.

# Those of the configuration and those built in; the first line is the heading.
_kashim_profiles() {
	local -a names
	names=(${${(f)"$(_call_program profiles kashim profiles 2>/dev/null)"}[2,-1]%% *})
	_wanted profiles expl profile compadd -a names
}

# Processes that run: their numbers and names.
_kashim_processes() {
	local -aU names
	local -a pids
	names=(${(f)"$(cat /proc/<->/comm 2>/dev/null)"})
	pids=(/proc/<->(N:t))
	_wanted processes expl program compadd -a names
	_wanted processes-numbers expl pid compadd -a pids
}

# Services of systemd: those that have a file.
_kashim_services() {
	local -aU names
	names=(/{etc,run,usr/lib,lib}/systemd/system/*.service(N:t))
	_wanted services expl service compadd -a names
}

# Set `action` to what completes $1: "DURATION|auto|off", "[PID | PROCESS]...".
_kashim_action_for() {
	case $1 in
	*PROGRAM*) action='_command_names -e' ;;
	*PROCESS*) action=_kashim_processes ;;
	*PROFILE*) action=_kashim_profiles ;;
	*UNIT*) action=_kashim_services ;;
	*FILE*) action=_files ;;
	*DIR*) action=_directories ;;
	*COMMAND*) action="(${names[*]})" ;;
	*)
		action=${1//DURATION/5s|10s|30s|60s|2m|5m|350s|10m|15m|30m|1h}
		action="(${${action//NUMBER/3|5|6|9}//|/ })"
		[[ $action != *[A-Z]* ]] || action=' '
		;;
	esac
}

_kashim() {
	local context state line expl action kind name value text current operands
	local -A opt_args
	local -a described names specs rows

	rows=("${(@f)$(_call_program table kashim help --table 2>/dev/null)}")
	for text in $rows; do
		IFS=$'\t' read -r kind name value text <<<$text
		[[ $kind != command ]] || described+=("$name:$text") names+=($name)
	done
	_arguments -C '(- *)--help[print this help]' '(- *)--version[print the version]' '1:command:->name' '*::argument:->command'
	if [[ $state == name ]]; then
		_describe -t commands command described
	fi
	[[ $state == command ]] || return
	for text in $rows; do
		IFS=$'\t' read -r kind name value text <<<$text
		if [[ $kind == command ]]; then
			current=$name
			[[ $current != $words[1] ]] || operands=$value
		elif [[ $current == $words[1] && $value == - ]]; then
			specs+=("${name}[${text//:/\\:}]")
		elif [[ $current == $words[1] ]]; then
			_kashim_action_for $value
			specs+=("${name}[${text//:/\\:}]:${(L)value//:/ and }:$action")
		fi
	done
	_kashim_action_for $operands
	case $operands in
	*PROGRAM*) _arguments -S $specs "(-):program:$action" '*::argument:_normal' ;;
	*...*) _arguments $specs "*:${(L)operands//[^A-Za-z]/ }:$action" ;;
	*) _arguments $specs ":${(L)operands//[^A-Za-z]/ }:$action" ;;
	esac
}

if [[ $funcstack[1] == _kashim ]]; then
	_kashim "$@"
fi
