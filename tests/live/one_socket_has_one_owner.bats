#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A socket that several processes hold is judged once, by the policy of the program that made it. So kashim apply ends at one
# place, whoever asks, and a second run changes nothing.

load ../lib/live
load ../lib/play
load ../lib/status

# maker makes a listener, and heir inherits it; their rules differ.
share_a_listener() {
	needs_root
	printf 'rules = ( { program = "maker"; idle = 21; }, { program = "heir"; mode = "off"; },
		{ program = "other"; idle = 23; } );\n' >k.conf
	program_named maker
	program_named heir
	program_named other
	unwrap
	take_port
	cat >family <<-'END'
		#!/bin/sh
		"$1" 'a fd 0' &
		exec "$2" 'a fd 0'
	END
	chmod +x family
	# What makes it stays, as the eldest; its child becomes the heir, and that one's child the other.
	"${SCENE[@]}" "$(type -p python3)" -c '
import os, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.dup2(listener.fileno(), 0)
listener.close()
if os.fork() == 0:
    if os.fork() == 0:
        os.execv("./other", ["other", "a fd 0"])
    os.execv("./heir", ["heir", "a fd 0"])
os.execv("./maker", ["maker", "a fd 0"])' "$PORT" >log 2>&1 3>&- &
	PID=$!
	STARTED+=("$PID")
	wait_for all_three_are_ready
	maker=$PID
	heir=$(pgrep -x heir -P "$maker")
	other=$(pgrep -x other -P "$heir")
}

all_three_are_ready() {
	[ "$(grep -cx ready log)" -eq 3 ]
}

@test "apply to each holder of a socket gives it the policy of its maker, once" {
	needs_python
	share_a_listener
	[ "$(timers_of "$other" | head -n 1)" = "$UNTOUCHED" ] || fail "control"
	kashim apply "$other" >out
	grep -qx '1 socket of 1 process changed' out || fail "$(cat out)"
	[ "$(timers_of "$maker" | head -n 1)" = 1/21/10/6 ] || fail "$(sockets_of "$maker")"
	for pid in "$heir" "$maker" "$other" "$heir"; do
		kashim apply "$pid" >out
		grep -qx '0 sockets of 0 processes changed' out || fail "$pid: $(cat out)"
	done
	kashim apply 'maker' 'heir' 'other' >out
	grep -qx '0 sockets of 0 processes changed' out || fail "$(cat out)"
	[ "$(timers_of "$maker" | head -n 1)" = 1/21/10/6 ]
}

@test "apply changes nothing on a socket whose maker has a rule that says off" {
	needs_python
	share_a_listener
	printf 'rules = ( { program = "maker"; mode = "off"; }, { program = "heir"; idle = 22; } );\n' >k.conf
	kashim apply "$heir" "$maker" "$other" >out
	grep -qx '0 sockets of 0 processes changed' out || fail "$(cat out)"
	[ "$(timers_of "$heir" | head -n 1)" = "$UNTOUCHED" ]
	# The control: when its maker is gone, the eldest is the heir.
	kill "$maker"
	wait_for is_gone "$maker"
	kashim apply "$other" >out
	[ "$(timers_of "$heir" | head -n 1)" = 1/22/10/6 ] || fail "$(cat out)"
}

@test "status shows a shared socket once, with its maker" {
	needs_python
	share_a_listener
	kashim status --json >status.json 2>err
	"$PYTHON" - "$PORT" "$maker" <<-'END'
		import json, sys
		rows = [row for row in json.load(open("status.json")) if row["local_port"] == int(sys.argv[1])]
		assert [row["pid"] for row in rows] == [int(sys.argv[2])], rows
		assert rows[0]["wanted_idle"] == 21, rows
	END
	kashim status --json "$heir" >status.json
	"$PYTHON" - "$heir" <<-'END'
		import json, sys
		rows = json.load(open("status.json"))
		assert [row["pid"] for row in rows] == [int(sys.argv[1])], rows
		assert rows[0]["wanted_idle"] == 21, rows
	END
}
