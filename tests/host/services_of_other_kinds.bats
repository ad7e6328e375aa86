#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Services that systemd does not start, as kashim-system(8) says in OTHER SERVICES: init scripts, cron, containers; and programs that
# bring a runtime of their own, Java and Node.

load ../lib/live
load ../lib/play
load ../lib/host

setup_file() {
	install_image
}

given_a_host() {
	open_host
	cp "$PLAY" "$HOST_ROOT/opt/legacyd"
	mkdir -p "$HOST_ROOT/run/legacyd"
	printf 'defaults: { idle = 33; interval = 11; count = 5; };\n' >"$HOST_ROOT/etc/kashim.conf"
	in_host kashim compile
	# shellcheck disable=SC2016
	LINE='/usr/local/$LIB/libkashim.so'
}

# The process in the host that has a TCP socket, in PID.
find_service() {
	local pid
	for pid in $(family_of "${STARTED[@]:1}"); do
		if [ -n "$(sockets_of "$pid" 2>/dev/null)" ]; then
			PID=$pid
			return
		fi
	done
	return 1
}

no_service() {
	not find_service
}

# An init script as many are, for a command.
init_script() {
	needs start-stop-daemon
	cat >"$HOST_ROOT/etc/init.d/legacyd" <<-END
		#!/bin/sh
		set -eu
		[ ! -r /etc/default/legacyd ] || . /etc/default/legacyd
		start-stop-daemon --start --quiet --background --exec $1 -- $2
	END
	chmod 755 "$HOST_ROOT/etc/init.d/legacyd"
}

# Started by its script without the variable, and with it.
by_init_script() {
	rm -f "$HOST_ROOT/etc/default/legacyd"
	in_host /etc/init.d/legacyd start
	wait_for find_service
	not all_are "$POLICY" "$PID" || fail "control: $(sockets_of "$PID")"
	end "$PID"
	wait_for no_service
	printf "export LD_PRELOAD='%s'\n" "$LINE" >"$HOST_ROOT/etc/default/legacyd"
	in_host /etc/init.d/legacyd start
	wait_for find_service
	wait_for all_are "$POLICY" "$PID" || fail "$(sockets_of "$PID")"
}

@test "an init script loads the library by its file in /etc/default" {
	given_a_host
	init_script /opt/legacyd "'a socket inet'"
	by_init_script
}

@test "a Node service loads the library from its init script" {
	given_a_host
	needs node
	printf 'require("net").createServer(() => {}).listen(7000, "127.0.0.1");\n' >"$HOST_ROOT/opt/server.js"
	init_script "$(command -v node)" /opt/server.js
	by_init_script
}

@test "a Java service loads the library from its init script" {
	given_a_host
	needs java javac
	cat >Server.java <<-'END'
		class Server {
			public static void main(String[] arguments) throws Exception {
				new java.net.ServerSocket(7000).accept();
			}
		}
	END
	javac -d "$HOST_ROOT/opt" Server.java
	init_script "$(command -v java)" '-Xshare:auto -cp /opt Server'
	by_init_script
}

@test "cron's jobs load the library by a variable in the crontab" {
	given_a_host
	needs cron
	rm -rf "$HOST_ROOT"/etc/cron.d "$HOST_ROOT"/var/spool/cron/crontabs "$HOST_ROOT"/etc/crontab "$HOST_ROOT"/run/crond.reboot
	mkdir "$HOST_ROOT/etc/cron.d"
	for variable in "X=1" "LD_PRELOAD=$LINE"; do
		printf "%s\n@reboot root /opt/legacyd 'a socket inet'\n" "$variable" >"$HOST_ROOT/etc/cron.d/legacy"
		start_plain "${HOST[@]}" cron -f
		wait_for find_service
		[ "$variable" != X=1 ] || [ "$(timers_of "$PID")" = "$UNTOUCHED" ] || fail "control: $(sockets_of "$PID")"
		[ "$variable" = X=1 ] || [ "$(timers_of "$PID")" = "$POLICY" ] || fail "$(sockets_of "$PID")"
		end "${STARTED[-1]}"
		rm -f "$HOST_ROOT/run/crond.reboot" "$HOST_ROOT/run/crond.pid"
	done
}

# The first process of a container, with these variables.
in_container() {
	start_plain "${HOST[@]}" unshare --pid --fork --mount-proc --kill-child env "$@" /opt/legacyd 'a socket inet'
	wait_for find_service
	grep -q '^NSpid:.*	1$' "/proc/$PID/status"
}

@test "a container loads the library by the variables of its Dockerfile" {
	given_a_host
	local file=$ROOT/scripts/examples/Dockerfile
	not grep -vE '^(#.*|FROM|RUN|COPY|ENV|CMD|)( |$)' "$file"
	# What stands behind a backslash, Docker does not expand.
	read -ra variables < <(sed -n 's/^ENV //p' "$file" | sed 's/[\\]//g')
	[ "${#variables[@]}" -eq 3 ]
	rm "$HOST_ROOT"/etc/kashim.*
	in_container "${variables[@]}"
	[ "$(timers_of "$PID")" = 1/360/30/5 ] || fail "$(sockets_of "$PID")"
}

@test "a container loads the library by its Kubernetes manifest" {
	given_a_host
	needs_python
	"$PYTHON" -c 'import yaml' 2>/dev/null || skip 'python3-yaml is not installed'
	"$PYTHON" - "$ROOT/scripts/examples/kubernetes.yaml" >steps <<-'END'
		import shlex
		import sys
		import yaml
		with open(sys.argv[1], encoding="utf-8") as file:
		    configuration, pod = yaml.safe_load_all(file)
		volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
		init, main = pod["spec"]["initContainers"][0], pod["spec"]["containers"][0]
		assert {mount["name"] for mount in init["volumeMounts"] + main["volumeMounts"]} == volumes
		print(shlex.quote(configuration["data"]["kashim.conf"]))
		print(*map(shlex.quote, init["command"]))
		print(*(shlex.quote(variable["name"] + "=" + variable["value"]) for variable in main["env"]))
	END
	# shellcheck disable=SC2155 # an array of quoted words
	declare -a parts="($(cat steps))"
	mkdir "$HOST_ROOT/configuration" "$HOST_ROOT/kashim"
	printf '%s' "${parts[0]}" >"$HOST_ROOT/configuration/kashim.conf"
	rm "$HOST_ROOT"/etc/kashim.*
	in_host "${parts[@]:1:3}"
	rm -r "$HOST_ROOT/usr/local/lib" "$HOST_ROOT/usr/local/libexec"
	in_container "${parts[@]:4}"
	[ "$(timers_of "$PID")" = 1/300/30/5 ] || fail "$(sockets_of "$PID")"
}
