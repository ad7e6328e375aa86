#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# kashim enable UNIT puts the library in front of what a service of systemd has in LD_PRELOAD, wherever it has it from. What
# that comes to is systemd's own word: of its test mode, and of a service that its user manager starts here.

load ../lib/live
load ../lib/play
load ../lib/host

setup_file() {
	install_image
}

given_units() {
	open_host
	UNITS=$HOST_ROOT/etc/systemd/system
	rm -rf "$UNITS" "$HOST_ROOT/run/systemd"
	mkdir -p "$UNITS/legacy.service.d"
	printf '[Service]\nExecStart=/opt/play "a fd 3"\n' >"$UNITS/legacy.service"
	cp "$PLAY" "$HOST_ROOT/opt/play"
	# shellcheck disable=SC2016
	LINE='/usr/local/$LIB/libkashim.so'
	[ -n "$("${CC:-cc}" -print-multiarch 2>/dev/null)" ] || LINE=/usr/local/lib/libkashim.so
}

service() {
	cat >"$UNITS/$1"
}

kashim() {
	run_in_host kashim "$@"
	[ "$RESULT" -eq 0 ] || fail "$*: status $RESULT: $(cat out err)"
}

refused() {
	local status=$1 why=$2
	shift 2
	find "$UNITS" | sort >before
	run_in_host kashim "$@"
	[ "$RESULT" -eq "$status" ] || fail "$*: status $RESULT, not $status: $(cat out err)" || return
	grep -qF -e "$why" err || fail "$*: not \"$why\": $(cat err)" || return
	find "$UNITS" | sort | diff before -
}

# Environment and EnvironmentFile of a unit, as systemd reads it.
systemd_says() {
	in_host test -x /lib/systemd/systemd || skip 'systemd is not installed'
	in_host sh -c 'mkdir -p /opt/run; chown 65534 /opt/run; chmod 700 /opt/run'
	in_host timeout "$PATIENCE" setpriv --reuid 65534 --regid 65534 --clear-groups env -i HOME=/ XDG_RUNTIME_DIR=/opt/run \
		SYSTEMD_UNIT_PATH=/etc/systemd/system: SYSTEMD_LOG_LEVEL=debug /lib/systemd/systemd --test --user --unit="$1" \
		</dev/null >said 2>&1 || skip "systemd has no test mode here: $(tail -n 1 said)"
	sed -n "/-> Unit $1:/,/-> Unit /p" said | sed -n 's/^[[:space:]]*\(Environment\(File\)\{0,1\}: .*\)/\1/p'
}

# Exactly one LD_PRELOAD, and this one.
expect_preload() {
	systemd_says "$1" >environment
	[ "$(grep -c '^Environment: LD_PRELOAD=' environment)" = 1 ] || fail "$(cat environment said)" || return
	grep -qxF "Environment: LD_PRELOAD=$2" environment || fail "not $2: $(cat environment)"
}

@test "disable leaves a service without LD_PRELOAD as it was before enable" {
	given_units
	not grep -q LD_PRELOAD <(systemd_says legacy.service)
	kashim enable legacy
	grep -q 'systemctl daemon-reload' out
	expect_preload legacy.service "$LINE"
	cp -R "$UNITS" once
	kashim enable legacy.service
	diff -r once "$UNITS"
	kashim disable legacy
	[ ! -e "$UNITS/legacy.service.d" ]
	kashim disable legacy
	grep -q 'is not enabled' out
}

@test "a drop-in puts the library in front of an LD_PRELOAD, however that is written" {
	given_units
	while read -r written expected; do
		rm -rf "$UNITS/legacy.service.d"
		service legacy.service <<-END
			[Unit]
			Environment=LD_PRELOAD=wrong.so
			[Service]
			$(printf '%b' "$written" | tr '~' ' ')
			ExecStart=/bin/true
		END
		kashim enable legacy
		expect_preload legacy.service "$LINE$expected" || fail "$written" || return
	done <<-'END'
		Environment=LD_PRELOAD=a.so :a.so
		Environment="LD_PRELOAD=a.so~b.so"~X=1 :a.so:b.so
		Environment='LD_PRELOAD=a.so:b.so'~"Y=2~3" :a.so:b.so
		Environment=X=1~\\\n~~LD_PRELOAD=a.so :a.so
		Environment=LD_PRELOAD=a.so\nEnvironment=LD_PRELOAD=b.so :b.so
		Environment=LD_PRELOAD=a.so\nEnvironment=\nEnvironment=X=1
		Environment~=~LD_PRELOAD=/x/libkashim.so:a.so :a.so
		#Environment=LD_PRELOAD=a.so
		Environment=LD_PRELOAD=a.so\n[Install]\nEnvironment=LD_PRELOAD=b.so\n[Service] :a.so
	END
}

@test "a drop-in keeps an LD_PRELOAD from other drop-ins of the unit, its template or all units" {
	given_units
	mkdir -p "$UNITS/service.d" "$UNITS/legacy-.service.d"
	printf '[Service]\nEnvironment=LD_PRELOAD=all.so\n' >"$UNITS/service.d/a.conf"
	kashim enable legacy
	expect_preload legacy.service "$LINE:all.so"
	printf '[Service]\nEnvironment=LD_PRELOAD=own.so\n' >"$UNITS/legacy.service.d/override.conf"
	kashim enable legacy
	expect_preload legacy.service "$LINE:own.so"
	kashim disable legacy
	[ -e "$UNITS/legacy.service.d/override.conf" ]
	expect_preload legacy.service own.so
	printf '[Service]\nExecStart=/bin/true\n' | service legacy-db@.service
	printf '[Service]\nEnvironment=LD_PRELOAD=prefix.so\n' >"$UNITS/legacy-.service.d/b.conf"
	kashim enable legacy-db@7
	expect_preload legacy-db@7.service "$LINE:prefix.so"
	expect_preload legacy-db@8.service prefix.so
	kashim disable legacy-db@7
	kashim enable legacy-db@
	expect_preload legacy-db@8.service "$LINE:prefix.so"
}

@test "a drop-in keeps an LD_PRELOAD from an EnvironmentFile, which wins over the unit" {
	given_units
	printf '[Service]\nEnvironment=LD_PRELOAD=unit.so\nEnvironmentFile=/etc/default/none\nEnvironmentFile=-/etc/default/legacy\nExecStart=/bin/true\n' |
		service legacy.service
	printf '# comment\nX=1\nLD_PRELOAD="file.so"\n' >"$HOST_ROOT/etc/default/legacy"
	kashim enable legacy
	systemd_says legacy.service | grep EnvironmentFile | tail -n 1 | grep -q 'zz-kashim\.env'
	grep -qxF "LD_PRELOAD=$LINE:file.so" "$UNITS/legacy.service.d/zz-kashim.env"
	sed -i /LD_PRELOAD/d "$HOST_ROOT/etc/default/legacy"
	kashim enable legacy
	[ ! -e "$UNITS/legacy.service.d/zz-kashim.env" ]
	expect_preload legacy.service "$LINE:unit.so"
	kashim disable legacy
	[ ! -e "$UNITS/legacy.service.d" ]
}

@test "enable finds a unit by its alias, in the distribution's directory and in an image" {
	given_units
	mkdir -p "$HOST_ROOT/opt/image/usr/lib/systemd/system" "$HOST_ROOT/opt/image/etc"
	cp "$UNITS/legacy.service" "$HOST_ROOT/opt/image/usr/lib/systemd/system"
	cp -R "$IMAGE/usr/local" "$HOST_ROOT/opt/image/usr"
	ln -s /usr/lib/systemd/system/legacy.service "$HOST_ROOT/opt/image/usr/lib/systemd/system/old.service"
	kashim enable --root /opt/image/ old
	grep -qxF "Environment=\"LD_PRELOAD=$LINE\"" "$HOST_ROOT/opt/image/etc/systemd/system/legacy.service.d/zz-kashim.conf"
	[ ! -e "$UNITS/legacy.service.d/zz-kashim.conf" ]
	kashim disable --root=/opt/image legacy
	[ -z "$(find "$HOST_ROOT/opt/image/etc" -name '*kashim*')" ]
}

@test "enable explains which units it cannot enable, and writes nothing" {
	given_units
	refused 1 'there is no such unit' enable gone
	refused 1 'there is no such unit' enable legacy gone
	refused 1 'kashim enable legacy.service' enable legacy.socket
	refused 1 'no program runs in it' enable legacy.timer
	refused 2 'is not the name of a unit' enable ./legacy.service
	refused 2 'which service?' enable
	refused 2 'there is no option --user' enable --user legacy
	refused 2 'there is no such directory' enable --root /gone legacy
	ln -s /dev/null "$UNITS/masked.service"
	refused 1 'is masked' enable masked
	mkdir -p "$HOST_ROOT/etc/systemd/user" "$HOST_ROOT/etc/init.d"
	touch "$HOST_ROOT/etc/systemd/user/mine.service" "$HOST_ROOT/etc/init.d/oldstyle"
	refused 1 'systemctl --user edit mine.service' enable mine
	refused 1 '/etc/default/oldstyle' enable oldstyle
	printf '[Service]\nUnsetEnvironment=X LD_PRELOAD\n' >"$UNITS/legacy.service.d/a.conf"
	refused 1 'UnsetEnvironment= takes LD_PRELOAD away' enable legacy
	printf '[Service]\nEnvironment=LD_PRELOAD=a.so\n' >"$UNITS/legacy.service.d/zzz.conf"
	rm "$UNITS/legacy.service.d/a.conf"
	refused 1 'zzz.conf is read later' enable legacy
	run_in_host setpriv --reuid 65534 --clear-groups kashim enable legacy
	[ "$RESULT" -eq 1 ]
	grep -q 'only root' err
}

@test "enable names a program of the unit that the library cannot reach" {
	given_units
	build_static
	cp static "$HOST_ROOT/opt/gate"
	printf '[Service]\nExecStart=-/opt/gate x\n' | service gate.service
	kashim enable gate
	grep -q '/opt/gate cannot be reached: static' err
}

# Control groups of our own, for systemd to make its own below, in whatever hierarchies it looks at.
own_groups() {
	local place
	GROUPS_MADE=()
	for place in /sys/fs/cgroup /sys/fs/cgroup/*/; do
		[ -e "$place/cgroup.procs" ] || continue
		mkdir "${place%/}/kashim-$$" 2>/dev/null || skip 'no control groups to be had'
		GROUPS_MADE+=("${place%/}/kashim-$$")
	done
	[ ${#GROUPS_MADE[@]} -gt 0 ] || skip 'no control groups to be had'
}

teardown() {
	end "${STARTED[@]}"
	[ ${#GROUPS_MADE[@]} -eq 0 ] || wait_for no_groups
}

no_groups() {
	find "${GROUPS_MADE[@]}" -depth -type d -exec rmdir {} + 2>/dev/null
	[ -z "$(find "${GROUPS_MADE[@]}" -maxdepth 0 2>/dev/null)" ]
}

# The user manager of systemd, which must not be a first process, with a network of its own.
start_systemd() {
	in_host test -x /lib/systemd/systemd || skip 'systemd is not installed'
	own_groups
	# shellcheck disable=SC2016 # expanded in there
	start_plain sh -euc 'for group; do [ "$group" != -- ] || break; { echo $$ >"$group/cgroup.procs"; } 2>/dev/null || :; shift; done; shift; exec "$@"' sh \
		"${GROUPS_MADE[@]}" -- "${HOST[@]}" unshare --net --mount --pid --fork --kill-child --mount-proc sh -euc '
		mount -t tmpfs tmpfs /run
		mkdir -p /run/systemd/system /run/user
		ip link set lo up
		env -i HOME=/ XDG_RUNTIME_DIR=/run/user SYSTEMD_UNIT_PATH=/etc/systemd/system: SYSTEMD_LOG_TARGET=console \
			/lib/systemd/systemd --user --unit="$1" &
		wait' sh "$1"
	MANAGER=$PID
}

@test "a service and a socket of a real systemd carry the policy" {
	given_units
	printf 'defaults: { idle = 33; interval = 11; count = 5; };\n' >"$HOST_ROOT/etc/kashim.conf"
	in_host kashim compile
	printf '[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=127.0.0.1:7000\n' | service legacy.socket
	printf '[Unit]\nDefaultDependencies=no\n[Service]\nEnvironment=LD_PRELOAD=libc.so.6\nExecStart=/opt/play "a fd 3" "b accept a"\n' | service legacy.service
	sed 's/7000/7001/' "$UNITS/legacy.socket" >"$UNITS/plain.socket"
	cp "$UNITS/legacy.service" "$UNITS/plain.service"
	printf '[Unit]\nDefaultDependencies=no\nRequires=legacy.socket plain.socket plain.service legacy.service\n' | service all.target
	kashim enable legacy
	grep -q 'the sockets that systemd hands to it are adopted' out
	start_systemd all.target
	wait_for services_run || skip "systemd does not run here: $(tail -n 1 log)"
	PID=$(service_of 7001)
	[ "$(timers_of "$PID")" = "$UNTOUCHED" ] || fail "control: $(sockets_of "$PID")"
	PID=$(service_of 7000)
	[ "$(timers_of "$PID")" = "$POLICY" ] || fail "$(sockets_of "$PID")"
	tr '\0' '\n' <"/proc/$PID/environ" | grep -qxF "LD_PRELOAD=$LINE:libc.so.6"
}

# The process that listens there.
service_of() {
	local pid
	for pid in $(family_of "$MANAGER"); do
		! grep -qx play "/proc/$pid/comm" 2>/dev/null || ! sockets_of "$pid" listen | grep -q ":$1 " || echo "$pid"
	done
}

services_run() {
	[ -n "$(service_of 7000)" ] && [ -n "$(service_of 7001)" ]
}

# In the namespaces of that systemd, which stands for the host's.
kashim_there() {
	local pid
	for pid in $(family_of "$MANAGER"); do
		[ "$(cat "/proc/$pid/comm")" != systemd ] || break
	done
	RESULT=0
	nsenter --target "$pid" --mount --pid --net --root --wd=/ env -i PATH=/opt/bin:/usr/local/bin:/usr/bin:/bin kashim "$@" >out 2>err 3>&- </dev/null || RESULT=$?
}

@test "enable believes what a running systemd says of a unit" {
	given_units
	needs systemctl
	mkdir -p "$HOST_ROOT/opt/bin" "$UNITS/legacy.service.d"
	printf '#!/bin/sh\nXDG_RUNTIME_DIR=/run/user exec /usr/bin/systemctl --user "$@"\n' >"$HOST_ROOT/opt/bin/systemctl"
	chmod 755 "$HOST_ROOT/opt/bin/systemctl"
	printf '[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=127.0.0.1:7001\n' | service plain.socket
	printf '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/opt/play "a fd 3" "b accept a"\n' | service plain.service
	cp "$UNITS/plain.service" "$UNITS/legacy.service"
	# A specifier, a line that goes on, a reset: only systemd knows them all.
	printf '[Service]\nEnvironment=LD_PRELOAD=wrong.so\nEnvironment=\nEnvironment="LD_PRELOAD=%%p.so" \\\n  X=1\n' >"$UNITS/legacy.service.d/own.conf"
	printf '[Service]\nEnvironment=LD_PRELOAD=other.so\nExecStart=/bin/true\n' | service legacy-db@.service
	ln -s /dev/null "$UNITS/masked.service"
	ln -s legacy.service "$UNITS/alias.service"
	start_systemd plain.socket
	wait_for socket_listens || skip "systemd does not run here: $(tail -n 1 log)"
	kashim_there enable alias
	[ "$RESULT" -eq 0 ] || fail "$(cat out err)"
	grep -qxF "Environment=\"LD_PRELOAD=$LINE:legacy.so\"" "$UNITS/legacy.service.d/zz-kashim.conf" || fail "$(cat out err "$UNITS"/*/zz-kashim.conf)"
	grep -qF "systemctl restart 'legacy.service'" out
	# Once more, after the unit has changed: ours does not count.
	sed -i 's/%p/changed/' "$UNITS/legacy.service.d/own.conf"
	kashim_there enable legacy plain
	grep -qxF "Environment=\"LD_PRELOAD=$LINE:changed.so\"" "$UNITS/legacy.service.d/zz-kashim.conf" || fail "$(cat out err "$UNITS"/*/zz-kashim.conf)"
	grep -q '^plain.service: the sockets that systemd hands to it' out || fail "$(cat out)"
	kashim_there enable legacy-db@
	grep -qxF "Environment=\"LD_PRELOAD=$LINE:other.so\"" "$UNITS/legacy-db@.service.d/zz-kashim.conf" || fail "$(cat out err)"
	# Where one is wrong, everything stays.
	cp -R "$UNITS" before
	kashim_there enable legacy masked
	grep -q 'masked.service: is masked' err
	kashim_there enable legacy gone
	grep -q 'gone.service: there is no such unit' err
	diff -r before "$UNITS"
	kashim_there disable legacy plain legacy-db@
	[ -z "$(find "$UNITS" -name '*kashim*')" ] || fail "$(find "$UNITS" -name '*kashim*')"
}

socket_listens() {
	local pid
	for pid in $(family_of "$MANAGER"); do
		! grep -qx systemd "/proc/$pid/comm" || ! sockets_of "$pid" listen | grep -q ':7001 ' || return 0
	done
	return 1
}
