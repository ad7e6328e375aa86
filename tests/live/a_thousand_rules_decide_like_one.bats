#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A large policy has an index by program name, and a program reads its own part alone. It gets what the whole policy
# says, whatever its names are; and where a part is damaged, the text is compiled instead.

load ../lib/live

# A thousand rules, each for one program, with these in front and those behind.
thousand() {
	{
		echo 'defaults: { idle = 33; interval = 11; count = 5; };'
		echo "rules = ( $1"
		seq 1 1000 | sed 's/.*/	{ program = "daemon-&"; idle = &; },/'
		echo "$2 );"
	} >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
}

# The program makes a socket, and has this from the policy; its control has nothing.
gets() {
	local timers=$1
	shift
	for with in yes no; do
		unwrap
		[ "$with" = no ] || wrap env
		start "$@"
		wait_for has "$PID" close
		[ "$with" = yes ] || timers=$UNTOUCHED
		[ "$(timers_of "$PID" close)" = "$timers" ] || fail "$with: $(sockets_of "$PID"), not $timers"
	done
}

# play(1) by other names.
named() {
	local name
	for name; do
		cp "$ROOT/build/tests/play" "$name"
	done
}

@test "each program among a thousand rules gets what its rule says" {
	thousand '' '{ program = "none"; mode = "off"; }'
	named daemon-1 daemon-507 daemon-1000 other
	gets 1/1/11/5 ./daemon-1 'a socket inet'
	gets 1/507/11/5 ./daemon-507 'a socket inet'
	gets 1/1000/11/5 ./daemon-1000 'a socket inet'
	gets "$POLICY" ./other 'a socket inet'
}

@test "rules with patterns, paths and arguments keep their place among a thousand" {
	thousand '{ program = "*-77"; argument = "b*"; idle = 501; }, { program = "'"$PWD"'/daemon-5"; idle = 502; },' \
		'{ program = "daemon-*"; idle = 503; }, { program = "oth?r"; idle = 504; }'
	named daemon-77 daemon-5 daemon-x other
	gets 1/501/11/5 ./daemon-77 'a socket inet' 'b socket udp'
	gets 1/77/11/5 ./daemon-77 'a socket inet'
	gets 1/502/11/5 ./daemon-5 'a socket inet'
	gets 1/503/11/5 ./daemon-x 'a socket inet'
	gets 1/504/11/5 ./other 'a socket inet'
}

@test "a script whose own name and whose interpreter have rules gets the first of them" {
	needs_python
	printf '#!%s\nimport socket, time\nsock = socket.socket()\ntime.sleep(60)\n' "$PYTHON" >daemon-9
	chmod 755 daemon-9
	cp daemon-9 job
	thousand '' "{ program = \"$(basename "$(readlink -f "$PYTHON")")\"; idle = 601; }, { program = \"job\"; idle = 602; }"
	gets 1/9/11/5 ./daemon-9
	gets 1/601/11/5 ./job
}

# The end of the file is the part of one name; the beginning is the index.
@test "an index or a part that is damaged gives way to the text" {
	local at
	thousand '' '{ program = "none"; mode = "off"; }'
	named daemon-507
	cp k.policy good
	for at in 9 12 17 33; do
		cp good k.policy
		printf 'x' | dd of=k.policy bs=1 seek="$at" conv=notrunc status=none
		gets 1/507/11/5 ./daemon-507 'a socket inet'
	done
	cp good k.policy
	head -c "$(stat -c %s good)" /dev/zero | tr '\0' x | dd of=k.policy bs=1024 seek=16 conv=notrunc status=none
	gets 1/507/11/5 ./daemon-507 'a socket inet'
	truncate -s 20000 k.policy
	gets 1/507/11/5 ./daemon-507 'a socket inet'
}
