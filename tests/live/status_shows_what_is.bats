#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# kashim status shows every TCP socket of a process with the values that the kernel has, and says what the policy would
# change. The control is sockopts, which shares no code with it.

load ../lib/live
load ../lib/play
load ../lib/status


wants() {
	status_says "$1" protected false
	said_of "$1" note | grep -qF "wants $2 ($PWD/k.conf:1)$3" || fail "$(said_of "$1" note)"
}

all='keepalive on, idle 33s, interval 11s, count 5'

@test "status shows without the shim the values, what is wanted and what to do" {
	needs_python
	many_states
	unwrap
	play "${MANY[@]}"
	status_agrees
	for socket in "${OPEN[@]}"; do
		wants "$socket" "$all" '; no shim: restart or kashim apply'
		status_says "$socket" shim false
		status_says "$socket" wanted_idle 33
		status_says "$socket" next_probe null
	done
	status_says a state '"listen"'
	status_says c state '"established"'
	status_says e state '"close_wait"'
	status_says f state '"close"'
	status_says a direction null
	status_says b direction '"accept"'
	status_says c direction '"connect"'
	ends 1 '' kashim status --unprotected "$PID"
	[ "$(wc -l <out)" -eq $((1 + ${#OPEN[@]})) ]
}

@test "status shows with the shim that all is well" {
	needs_python
	many_states
	play "${MANY[@]}"
	status_agrees
	for socket in "${OPEN[@]}"; do
		status_says "$socket" shim true
		status_says "$socket" protected true
		status_says "$socket" note '""'
	done
	ends 0 'no TCP socket is unprotected' kashim status --unprotected "$PID"
	[ ! -s out ]
}

# Until the next probe of the connection to PORT.
seconds_by_ss() {
	in_scene ss -Htno state established "dport = :$PORT" | sed -n 's/.*timer:(keepalive,\([0-9]*\)\(\.[0-9]*\)\{0,1\}sec.*/\1/p'
}

@test "status says that the next probe is due when the kernel says so" {
	needs_python
	take_port
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c connect 127.0.0.1 $PORT" 'b accept a'
	before=$(seconds_by_ss)
	status_agrees
	next=$(said_of c next_probe)
	after=$(seconds_by_ss)
	[ -n "$after" ] || fail "no timer: $(in_scene ss -tno)"
	[ "${next%.*}" -ge $((after - 1)) ] || fail "$next, ss says $after later"
	[ "${next%.*}" -le $((before + 1)) ] || fail "$next, ss says $before before"
	status_says a next_probe null
}

# A connection that was silent for more than a second, and sends a byte for each line that comes.
silent_connection() {
	needs_python
	start "$PYTHON" -c '
import socket, sys
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
print("slot c", client.fileno(), flush=True)
print("ready", flush=True)
while sys.stdin.readline():
    server.send(b"x")
    client.recv(1)
    print("sent", flush=True)
sys.stdin.read()'
	wait_for is_played
	wait_for is_silent
}

is_silent() {
	in_scene ss -Htin state established | grep -qE 'lastrcv:(1[2-9]|[2-9][0-9])[0-9][0-9]'
}

next_probe_is_more_than() {
	local next
	kashim status --json "$PID" >status.json
	next=$(said_of c next_probe)
	[ "${next%.*}" -ge "$1" ] || fail "$next"
}

@test "status counts the next probe anew for keepalive that was switched on late" {
	unwrap
	silent_connection
	kashim apply "$PID" >out
	next_probe_is_more_than 32
}

@test "status sees the next probe put off by traffic" {
	silent_connection
	not next_probe_is_more_than 32
	echo >quiet
	wait_for grep -q sent log
	next_probe_is_more_than 32
}

@test "status shows no next probe while data are in flight" {
	needs root nftables
	needs_scene
	silent_connection
	in_scene nft 'add table ip t; add chain ip t c { type filter hook input priority 0; }; add rule ip t c tcp dport != 0 drop'
	echo >quiet
	wait_for is_in_flight
	kashim status --json "$PID" >status.json
	grep '"state": "established".*"direction": "accept".*"next_probe": null' status.json || fail "$(cat status.json)"
	grep '"state": "established".*"direction": "connect".*"next_probe": [0-9]' status.json || fail "$(cat status.json)"
}

is_in_flight() {
	in_scene ss -Htin state established | grep -q 'unacked:'
}

@test "status shows IPv6, IPv4 over IPv6, and MPTCP, which has no user timeout" {
	needs ipv6
	needs_python
	printf 'defaults: { idle = 33; interval = 11; count = 5; user_timeout = "44s"; };\n' | policy
	take_port
	play 'a socket inet6' "a bind ::1 $PORT" 'a listen' 'c socket inet6' "c connect ::1 $PORT" 'b accept a' 'm socket mptcp' \
		"m bind 127.0.0.1 $PORT" 'm listen' 'n socket mptcp' "n connect 127.0.0.1 $PORT" 'o accept m'
	status_agrees
	status_says c user_timeout 44
	status_says m protocol '"mptcp"'
	status_says m user_timeout null
	status_says m protected true
	for socket in a b c n o; do
		status_says "$socket" protected true
	done
}

@test "status finds a socket that a raw system call made under the shim" {
	needs_python
	play 'a raw' 'b socket inet'
	status_agrees
	wants a "$all" '; kashim apply'
	status_says b protected true
}

@test "status shows a duplicate as no second socket" {
	needs_python
	play 'a socket inet' 'b dup a 77'
	kashim status --json "$PID" >status.json
	[ "$(grep -c '"pid"' status.json)" -eq 1 ] || fail "$(cat status.json)"
	status_says a keepalive true
}

@test "status names the rule that leaves a socket alone" {
	needs_python
	printf 'rules = (\n { program = "play"; mode = "off"; } );\n' | policy
	unwrap
	play 'a socket inet'
	status_agrees
	status_says a note "\"left alone by $PWD/k.conf:2\""
	status_says a protected null
	ends 0 '' kashim status --unprotected "$PID"
}

@test "status says when the program's own values are too slow for the path" {
	needs_python
	needs_known_defaults
	printf 'defaults: { mode = "suggest"; path_timeout = "350s"; };\n' | policy
	play 'a socket inet' 'a set SO_KEEPALIVE 1' 'a set TCP_KEEPIDLE 350' 'b socket inet' 'b set TCP_KEEPIDLE 349'
	status_agrees
	status_says a note "\"too slow for path_timeout 350s ($PWD/k.conf:1)\""
	status_says a protected false
	status_says b protected true
	ends 1 '' kashim status --unprotected "$PID"
	[ "$(wc -l <out)" -eq 2 ]
}

@test "status in mode suggest wants what still has the kernel's default" {
	needs_python
	needs_known_defaults
	printf 'defaults: { mode = "suggest"; idle = 33; interval = 11; count = 5; };\n' | policy
	unwrap
	play 'a socket inet' 'a set TCP_KEEPIDLE 500'
	status_agrees
	wants a 'keepalive on, interval 11s, count 5' '; no shim'
}

@test "status does not judge what the kernel makes something else of" {
	needs_python
	printf 'defaults: { max_segment = 1000; window_clamp = 5000; defer_accept = "5s"; };\n' | policy
	take_port
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c connect 127.0.0.1 $PORT" 'b accept a'
	not has_option c TCP_MAXSEG 1000
	ends 0 '' kashim status --unprotected "$PID"
	[ ! -s out ] || fail "$(cat out)"
}

@test "status guesses nothing for suggest in a network namespace that it may not enter" {
	needs_python
	needs_scene
	[ "$(id -u)" != 0 ] || skip "root may"
	printf 'defaults: { mode = "suggest"; };\n' | policy
	unwrap
	play 'a socket inet'
	status_agrees
	status_says a protected null
}

@test "status follows rules by port for a client and by direction for a server" {
	needs_python
	take_port
	printf 'rules = (\n{ direction = "accept"; idle = 21; },\n{ remote_port = %s; idle = 22; }, { idle = 23; } );\n' "$PORT" | policy
	unwrap
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen' 'c socket inet' "c connect 127.0.0.1 $PORT" 'b accept a'
	status_agrees
	status_says a wanted_idle 23
	status_says b wanted_idle 21
	status_says b rule_line 2
	status_says c wanted_idle 22
	status_says c rule_line 3
}

@test "status takes a child that serves without the listener for a server" {
	needs_python
	needs socat
	printf 'rules = ( { direction = "accept"; idle = 21; } );\n' | policy
	unwrap
	take_port
	start socat "TCP-LISTEN:$PORT,fork,reuseaddr" 'SYSTEM:sleep 600'
	wait_for has "$PID" listen
	server=$PID
	start_plain socat "TCP:127.0.0.1:$PORT" STDIO
	wait_for has "$PID" established
	wait_for has_children "$server"
	for child in $(children_of "$server"); do
		kashim status --json "$child" | grep '"direction": "accept".*"wanted_idle": 21' >found
	done
	[ -s found ]
}

has_children() {
	[ -n "$(children_of "$1")" ]
}

@test "status finds programs by pid, name, script's name and pattern" {
	needs_python
	printf '#!%s\nimport socket, sys\ns = socket.socket()\nprint("ready", flush=True)\nsys.stdin.read()\n' "$PYTHON" >legacy-script
	chmod 755 legacy-script
	unwrap
	start "$PWD/legacy-script"
	wait_for is_played
	for wanted in "$PID" legacy-script 'legacy-*' "$(basename "$(readlink -f "$PYTHON")")"; do
		kashim status --json "$wanted" | grep -q "\"pid\": $PID, \"program\": \"legacy-script\"" || fail "not by $wanted"
	done
	not grep . <(kashim status --json legacy-scrip | grep legacy)
}

@test "status sees from outside that a rule on a script's name or argument holds" {
	needs_python
	printf '#!%s\nimport socket, sys\ns = socket.socket()\nprint("ready", flush=True)\nsys.stdin.read()\n' "$PYTHON" >legacy-script
	chmod 755 legacy-script
	printf 'rules = ( { program = "legacy-script"; argument = "--port=7"; idle = 21; } );\n' | policy
	unwrap
	start ./legacy-script --port=7
	wait_for is_played
	kashim status --json "$PID" | grep -q '"wanted_idle": 21'
}

@test "status says what there is not: a process, a program, an option" {
	ends 1 '^kashim: 4194305: no such process$' kashim status 4194305
	ends 1 '^kashim: no-such-program: no process runs this program$' kashim status no-such-program
	ends 2 '^kashim: there is no option --nothing, see: kashim help status$' kashim status --nothing
}

@test "status counts a process's own KASHIM_CONF and KASHIM where the shim is loaded" {
	needs_python
	printf 'defaults: { idle = 44; };\n' >own.conf
	"$COMMAND" compile own.conf
	WITH=(env "KASHIM_CONF=$PWD/own.conf" "LD_PRELOAD=$SHIM")
	play 'a socket inet'
	kashim status --json "$PID" >status.json
	status_says a wanted_idle 44
	status_says a protected true
	status_says a rule_file "\"$PWD/own.conf\""
	WITH=(env "KASHIM_CONF=$PWD/own.conf" KASHIM=idle=55 "LD_PRELOAD=$SHIM")
	play 'a socket inet' 'b raw'
	kashim status --json "$PID" >status.json
	status_says a wanted_idle 55
	status_says a protected true
	said_of b note | grep -qF '(KASHIM=idle=55); kashim apply'
	# shellcheck disable=SC2034 # play uses it
	WITH=(env KASHIM=idle=55 "KASHIM_CONF=$PWD/own.conf")
	play 'a socket inet'
	kashim status --json "$PID" >status.json
	status_says a wanted_idle 33
}

# As many daemons do when they have started: what the library has read lies outside.
@test "status judges a process that has entered another root by what it read before" {
	needs root
	needs_python
	mkdir cell
	printf 'defaults: { mode = "force"; idle = 33; interval = 11; count = 5; };\n' >k.conf
	"$COMMAND" compile k.conf >/dev/null
	start "$PYTHON" -c '
import os, socket, sys, time
kept = socket.socket()
os.chroot("cell")
os.chdir("/")
print("ready", flush=True)
time.sleep(60)'
	wait_for is_played || fail "$(cat log)"
	kashim status "$PID" >status.txt 2>&1
	not grep -E 'wants|built in' status.txt
	ends 0 '' kashim apply "$PID"
	[ "$(timers_of "$PID")" = "$POLICY" ] || fail "$(sockets_of "$PID")"
	# The control: a root with a configuration of its own has that.
	mkdir -p "cell/$PWD"
	printf 'defaults: { mode = "force"; idle = 44; };\n' >"cell/$PWD/k.conf"
	kashim status "$PID" >status.txt 2>&1
	grep -q 'wants.*idle 44' status.txt || fail "control: $(cat status.txt)"
}

@test "status prints the errors of a configuration, and the values all the same" {
	needs_python
	unwrap
	play 'a socket inet' 'a set TCP_KEEPIDLE 77'
	printf 'defaults: { idel = 5; };\n' >k.conf
	ends 0 '^.*/k.conf:1: idel: no such setting' kashim status --json "$PID"
	grep -q 'what the policy wants is not known' err
	cp out status.json
	status_says a idle 77
	status_says a protected null
	said_of a note | grep -q 'in error: kashim check '
	ends 0 '' kashim status --unprotected "$PID"
}

@test "status shows static and Go programs, which no preload reaches" {
	needs_python
	build_static
	unwrap
	take_port
	play_with ./static 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen'
	status_agrees
	wants a "$all" '; static: kashim apply'
	needs_go
	CGO_ENABLED=0 go build -o program program.go 2>go.log || skip "go cannot build: $(head -n 1 go.log)"
	take_port
	play_with ./program "127.0.0.1:$PORT"
	wait_for has "$PID" listen established
	status_agrees
	grep -q 'static, Go: kashim apply' status.txt
}

@test "status shows real servers: nginx with its workers, and redis" {
	needs_python
	needs nginx redis-server redis-cli
	unwrap
	take_port
	mkdir www
	printf 'daemon off; pid %s; error_log %s; worker_processes 2; events { }\nhttp { access_log off; server { listen 127.0.0.1:%s; root %s; } }\n' \
		"$PWD/nginx.pid" "$PWD/nginx.log" "$PORT" "$PWD/www" >nginx.conf
	[ "$(id -u)" != 0 ] || sed -i '1s/^/user root; /' nginx.conf
	start nginx -p "$PWD" -c "$PWD/nginx.conf"
	wait_for has "$PID" listen
	for process in "$PID" $(children_of "$PID"); do
		status_agrees "$process"
	done
	take_port
	start redis-server --port "$PORT" --bind 127.0.0.1 --save '' --appendonly no
	wait_for has "$PID" listen
	server=$PID
	start_plain redis-cli -p "$PORT"
	wait_for has "$server" established
	status_agrees "$server"
	grep -q ' 300s .*established\|established .* 300s ' status.txt
}

@test "status before Linux 5.6 blames the kernel, and not the rights of its user" {
	unwrap
	take_port
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen'
	ends 0 '^kashim: . cannot be known here: .*pidfd_getfd.2., Linux 5[.]6$' "$ROOT/build/tests/without" linux-5.6 -- "$COMMAND" status "$PID"
	[ "$(wc -l <err)" -eq 1 ] || fail "$(cat err)"
	not grep root err
}

@test "status shows sockets of another user as unknown, and says why once" {
	needs_root
	needs setpriv
	chmod 711 "$BATS_TEST_TMPDIR"
	unwrap
	play 'a socket inet'
	ends 0 '^kashim: 1 process could not be looked at: .*root, or CAP_SYS_PTRACE' \
		setpriv --reuid 65534 --clear-groups "$COMMAND" status "$PID"
	[ "$(tail -n 1 out | tr -s ' ')" = "$(printf '%s play ? ? ? ? ? ? ? ? ? ? ?' "$PID")" ] || fail "$(cat out)"
	[ "$(wc -l <err)" -eq 1 ] || fail "$(cat err)"
	setpriv --reuid 65534 --clear-groups "$COMMAND" status --json "$PID" | grep -q '"keepalive": null.*"shim": null.*"protected": null'
}

@test "status without operands lists sockets that may not be looked at, too" {
	needs_root
	needs setpriv
	needs_scene
	unwrap
	take_port
	play 'a socket inet' "a bind 127.0.0.1 $PORT" 'a listen'
	in_scene env KASHIM_CONF="$PWD/k.conf" "$COMMAND" status >out
	grep -q "^ *$PID  *play .*127.0.0.1:$PORT " out || fail "$(cat out)"
	# Once: not as a socket of nobody as well. Other tests may have this port, in namespaces of their own.
	[ "$(grep -cE "^ *($PID|[?]) .*127.0.0.1:$PORT " out)" -eq 1 ] || fail "$(cat out)"
	in_scene setpriv --reuid 65534 --clear-groups "$COMMAND" status >out 2>err
	grep -q "^ *?  *?  *127.0.0.1:$PORT  *-  *listen  *?  *?  *?  *?  *?  *?" out || fail "$(cat out)"
	[ "$(wc -l <err)" -eq 1 ] || fail "$(cat err)"
}

@test "status lets no hostile name reach the terminal" {
	needs_python
	name=$(printf 'e\033[2Jvil\nx')
	program_named "$name"
	unwrap
	play_with "./$name" 'a socket inet'
	kashim status "$PID" >out
	not grep -q "$(printf '\033')" out
	grep -q ' e?\[2Jvil?x ' out || fail "$(cat -v out)"
	[ "$(wc -l <out)" -eq 2 ]
	kashim status --json "$PID" | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)[0]["program"] == "e\033[2Jvil\nx")' | grep -q True
}

@test "status takes processes that come and go for no error" {
	unwrap
	start_plain sh -c 'while :; do /bin/true; done'
	for _ in $(seq 30); do
		"$COMMAND" status >out 2>err || fail "$(cat err)"
		not grep -v '^kashim: ?' err
	done
}

@test "status colours for a terminal, and not for a pipe or with NO_COLOR" {
	needs script
	unwrap
	play 'a socket inet'
	not grep -q "$(printf '\033')" <(kashim status "$PID")
	script -qec "$COMMAND status --conf k.conf $PID" /dev/null </dev/null | grep -q "$(printf '\033\\[1;31m')"
	not grep -q "$(printf '\033')" <(NO_COLOR=1 script -qec "$COMMAND status --conf k.conf $PID" /dev/null </dev/null)
}

@test "status puts notes below on a narrow terminal, and prints blocks on a very narrow one" {
	needs script
	unwrap
	play 'a socket inet'
	NO_COLOR=1 script -qec "stty cols 130; $COMMAND status --conf k.conf $PID" /dev/null </dev/null | tr -d '\r' >out
	grep -q '^    wants keepalive on' out || fail "$(cat out)"
	NO_COLOR=1 script -qec "stty cols 60; $COMMAND status --conf k.conf $PID" /dev/null </dev/null | tr -d '\r' >out
	grep -q "^PID  *$PID\$" out || fail "$(cat out)"
	grep -q '^KEEPALIVE  *off$' out
}

@test "status shows 10,000 sockets of one process" {
	needs_python
	needs descriptors:10200
	unwrap
	start "$PYTHON" -c '
import socket, sys
sockets = [socket.socket() for _ in range(10000)]
print("ready", flush=True)
sys.stdin.read()'
	wait_for is_played
	before=$(date +%s%N)
	kashim status --json "$PID" >status.json
	echo "# 10,000 sockets in $((($(date +%s%N) - before) / 1000000)) ms" >&3
	[ "$(grep -c "\"pid\": $PID" status.json)" -eq 10000 ]
}
