#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2030,SC2031 # what a test changes is for it alone
# Two scripts of one interpreter are two programs: rules tell them apart by name, argument and user. The first match
# decides, and the socket has what kashim explain says.

load ../lib/live

# Put in front of a program, to run it as somebody else.
AS=()

write_scripts() {
	local script
	needs_python
	mkdir scripts
	for script in billing reports; do
		printf '#!%s\nimport socket, time\nsock = socket.socket()\ntime.sleep(60)\n' "$PYTHON" >"scripts/$script"
		chmod 755 "scripts/$script"
	done
}

compile() {
	cat >k.conf
	"$ROOT/build/kashim" compile k.conf >/dev/null
}

# A program with these arguments has a socket with this idle time, by the rule at that line, as explain says.
decides() {
	local idle=$1 place=$2
	shift 2
	KASHIM_CONF=k.conf "${AS[@]}" "$ROOT/build/kashim" explain "$@" >explained
	grep -q "^rule .*$place\$" explained || fail "$(cat explained)"
	grep -q "^sets .*idle $idle s," explained || fail "$(cat explained)"
	wrap "${AS[@]}" env
	start "$@"
	wait_for has "$PID" close
	[ "$(timers_of "$PID" close)" = "1/$idle/11/5" ] || fail "$(sockets_of "$PID"), not $idle"
	unwrap
	start "$@"
	wait_for has "$PID" close
	[ "$(timers_of "$PID" close)" = "$UNTOUCHED" ] || fail "control: $(sockets_of "$PID")"
}

@test "rules find a script by its own name" {
	write_scripts
	compile <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ program = "billing"; idle = 101; },
			{ program = "reports"; idle = 102; }
		);
	END
	decides 101 k.conf:3 scripts/billing
	decides 102 k.conf:4 scripts/reports
	decides 102 k.conf:4 "$PWD/scripts/reports" billing
}

@test "rules find a script by its path, whole or as a pattern" {
	write_scripts
	mkdir other
	cp scripts/billing other
	compile <<-END
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ program = "$PWD/scripts/billing"; idle = 101; },
			{ program = "*/other/*"; idle = 102; }
		);
	END
	decides 101 k.conf:3 scripts/billing
	decides 102 k.conf:4 other/billing
	decides 100 k.conf:1 scripts/reports
	PATH=$PWD/scripts:$PATH
	decides 101 k.conf:3 billing
}

@test "rules find by the interpreter what no rule names" {
	write_scripts
	compile <<-END
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ program = "billing"; idle = 101; },
			{ program = "$(basename "$(readlink -f "$PYTHON")")"; idle = 102; }
		);
	END
	decides 101 k.conf:3 scripts/billing
	decides 102 k.conf:4 scripts/reports
}

# The name of the file that the kernel runs counts as well as that of the file that was executed.
@test "rules find a program by the name behind a link, and by the link's own" {
	write_scripts
	local interpreter run='import socket, time; sock = socket.socket(); time.sleep(60)'
	interpreter=$(readlink -f "$PYTHON")
	ln -s "$interpreter" scripts/interpreter
	ln -s "$interpreter" scripts/other
	ln -s billing scripts/invoices
	compile <<-END
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ program = [ "billing", "interpreter" ]; idle = 101; },
			{ program = "$(basename "$interpreter")"; idle = 103; }
		);
	END
	decides 101 k.conf:3 scripts/interpreter -c "$run"
	decides 103 k.conf:4 scripts/other -c "$run"
	decides 103 k.conf:4 "$interpreter" -c "$run"
	decides 101 k.conf:3 scripts/billing
	decides 103 k.conf:4 scripts/invoices
	# A script that is run by a script.
	printf '#!%s/scripts/reports\n' "$PWD" >scripts/inner
	chmod 755 scripts/inner
	decides 103 k.conf:4 scripts/inner
}

@test "rules find a program by a path that leads over a link" {
	needs_python
	mkdir bin
	cp "$(readlink -f "$PYTHON")" bin/copy
	ln -s bin linked
	compile <<-END
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = ( { program = "$PWD/bin/*"; idle = 102; } );
	END
	decides 102 k.conf:2 bin/copy -c 'import socket, time; sock = socket.socket(); time.sleep(60)'
	decides 102 k.conf:2 linked/copy -c 'import socket, time; sock = socket.socket(); time.sleep(60)'
}

@test "rules find a script by an argument" {
	write_scripts
	compile <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ argument = "--fast"; idle = 101; },
			{ program = "reports"; argument = [ "*/daily.ini", "--slow" ]; idle = 102; }
		);
	END
	decides 101 k.conf:3 scripts/billing --fast
	decides 101 k.conf:3 scripts/reports --slow --fast
	decides 102 k.conf:4 scripts/reports --slow
	decides 102 k.conf:4 scripts/reports a /etc/daily.ini
	decides 100 k.conf:1 scripts/reports --slower
	decides 100 k.conf:1 scripts/billing --slow
}

@test "rules find the script as an argument where the interpreter is named" {
	write_scripts
	compile <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = ( { argument = "*/billing"; idle = 101; } );
	END
	decides 101 k.conf:2 "$PYTHON" scripts/billing
	decides 100 k.conf:1 "$PYTHON" scripts/reports
}

@test "rules find a program by its user" {
	local other
	write_scripts
	other=$(getent passwd | cut -d: -f1 | grep -vx "$(id -un)" | head -n 1)
	compile <<-END
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ user = "$other"; idle = 101; },
			{ user = $(id -u); program = "reports"; idle = 102; }
		);
	END
	decides 102 k.conf:4 scripts/reports
	decides 100 k.conf:1 scripts/billing
}

# Another user has to reach the tree and the test's directory, so what is needed is copied.
@test "rules tell the programs of two users apart" {
	needs_root
	needs other-users
	write_scripts
	mkdir -p tree/scripts tree/build
	cp "$ROOT/build/kashim" tree/scripts
	cp "$SHIM" "$ROOT/build/kashim" tree/build
	chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR"
	AS=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	"${AS[@]}" test -r tree/build/libkashim.so || skip "another user cannot reach the test's directory"
	ROOT=$PWD/tree
	SHIM=$ROOT/build/libkashim.so
	compile <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ user = "root"; idle = 101; },
			{ user = [ "65533", "65534" ]; program = "reports"; idle = 102; }
		);
	END
	decides 102 k.conf:4 scripts/reports
	decides 100 k.conf:1 scripts/billing
	AS=()
	decides 101 k.conf:3 scripts/reports
}

@test "rules of drop-ins stand before the file, and the first match wins" {
	write_scripts
	mkdir k.conf.d
	printf 'rules = ( { program = "reports"; idle = 103; } );\n' >k.conf.d/60-later.conf
	printf 'rules = ( { program = "reports"; argument = "now"; idle = 104; } );\n' >k.conf.d/50-sooner.conf
	compile <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ program = "billing"; idle = 101; },
			{ program = "*"; idle = 102; },
			{ program = "billing"; argument = "now"; idle = 105; }
		);
	END
	decides 101 k.conf:3 scripts/billing now
	decides 103 60-later.conf:1 scripts/reports
	decides 104 50-sooner.conf:1 scripts/reports now
	decides 102 k.conf:4 "$PYTHON" -c 'import socket, time; sock = socket.socket(); time.sleep(60)'
}

@test "the KASHIM variable stands before all rules" {
	write_scripts
	compile <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = ( { program = "billing"; idle = 101; } );
	END
	export KASHIM=idle=106,interval=11,count=5
	decides 106 "KASHIM=$KASHIM" scripts/billing
}

# As a server does that was upgraded and starts itself anew.
@test "rules find a program by its name when its file was replaced" {
	compile <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = ( { program = "legacyd"; idle = 101; } );
	END
	cp "$ROOT/build/tests/play" legacyd
	wrap env
	printf '#!/bin/sh\nrm legacyd\n' >remove
	chmod 755 remove
	start "$PWD/legacyd" 'a run ./remove' exec /proc/self/exe 'a socket inet'
	wait_for has "$PID" close
	[[ "$(readlink "/proc/$PID/exe")" == *'legacyd (deleted)' ]] || fail "control: $(readlink "/proc/$PID/exe")"
	[ "$(timers_of "$PID" close)" = 1/101/11/5 ] || fail "$(sockets_of "$PID")"
}

@test "patterns match byte by byte, whatever the locale is" {
	write_scripts
	cp scripts/billing 'scripts/prög'
	compile <<-'END'
		defaults: { idle = 100; interval = 11; count = 5; };
		rules = (
			{ program = "pr?g"; idle = 101; },
			{ program = "pr??g"; idle = 102; }
		);
	END
	export LC_ALL=C.UTF-8
	decides 102 k.conf:4 scripts/prög
	export LC_ALL=C
	decides 102 k.conf:4 scripts/prög
}
