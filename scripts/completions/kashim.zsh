#compdef kashim
# SPDX-License-Identifier: MIT
# Completion of kashim(1) for zsh. Installed as _kashim.

_kashim_commands() {
	local -a commands
	commands=(
		'run:run a program under kashim'
		'check:validate the configuration'
		'compile:validate it, and put it in force'
		'explain:which rule decides for a program, and what that means'
		'profiles:named settings for well-known paths'
		'status:the TCP sockets of running processes, and what they lack'
		'apply:put the policy on sockets that are open already'
		'enable:have a service of systemd load the library'
		'disable:no longer'
		'system:load the library into every program of the host'
		'help:show a summary'
	)
	_describe -t commands command commands
}

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

_kashim_durations() {
	_wanted durations expl duration compadd "$@" 5s 10s 30s 60s 2m 5m 350s 10m 15m 30m 1h
}

_kashim() {
	local context state line expl
	local -A opt_args
	local -a json conf settings

	json=('--json[as an array of flat objects]')
	conf=('--conf[another configuration than /etc/kashim.conf]:file:_files')
	settings=(
		'--mode[whether the policy or the program wins]:mode:(force suggest off)'
		'--profile[named settings]:profile:_kashim_profiles'
		'--path-timeout[silence after which the path forgets a connection]:duration:_kashim_durations'
		'--idle[silence before the first probe]:duration:_kashim_durations'
		'--interval[time between probes that are not answered]:duration:_kashim_durations'
		'--count[probes without an answer before the end]:number:(3 5 6 9)'
		'--user-timeout[how long sent data may stay without an answer]:duration:(auto off 30s 2m)'
	)

	_arguments -C '(- *)--help[show a summary]' '(- *)--version[show the version]' '1:command:_kashim_commands' '*::argument:->command'
	[[ $state == command ]] || return
	case $words[1] in
	run)
		_arguments -S '--help[show a summary]' $conf $settings '--verbose[say what each socket gets, and by which rule]' \
			'--best-effort[run it even if the library cannot reach it]' '(-):program:_command_names -e' '*::argument:_normal'
		;;
	check)
		_arguments '--help[show a summary]' $json '--print[show the merged policy]' ':file:_files'
		;;
	compile)
		_arguments '--help[show a summary]' '--root[read and write below this directory]:directory:_directories' \
			'--stdout[write to standard output]' ':file:_files'
		;;
	explain)
		_arguments -S '--help[show a summary]' $json $conf '--verbose[also why the rules before do not match]' \
			'(--accept)--connect[for its connection to this address]:address and port:' \
			'(--connect)--accept[for a connection that it accepts from there]:address and port:' \
			"--local[the program's own end]:address and port:" '(-):program:_command_names -e' '*::argument:_normal'
		;;
	profiles)
		_arguments '--help[show a summary]' $json $conf '--path-timeout[show what this gives]:duration:_kashim_durations' \
			':profile:_kashim_profiles'
		;;
	status)
		_arguments '--help[show a summary]' $json $conf '--unprotected[only sockets that lack what the policy wants]' \
			'*:process:_kashim_processes'
		;;
	apply)
		_arguments '--help[show a summary]' $json $conf '--all[all processes]' '--dry-run[change nothing]' \
			'*:process:_kashim_processes'
		;;
	enable | disable)
		_arguments '--help[show a summary]' '--now[restart those that run]' '--root[write below this directory]:directory:_directories' \
			'*:service:_kashim_services'
		;;
	system)
		_arguments '--help[show a summary]' $json '--root[in the system below this directory]:directory:_directories' \
			'--best-effort[also when programs of another kind cannot load it]' ':what:(enable disable status)'
		;;
	help) _kashim_commands ;;
	esac
}

if [[ $funcstack[1] == _kashim ]]; then
	_kashim "$@"
fi
