#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A program that runs without the library below one that has it was started with another environment. kashim status says by
# what, and what helps, for a restart does not.

load ../lib/live
load ../lib/play
load ../lib/status

# A launcher of this name under the shim, which starts play with an environment of its own.
launch() {
	end_scene
	rm -f log
	cp "$(type -p bash)" "./$1"
	# shellcheck disable=SC2016 # the launcher expands it
	start "./$1" -c 'env -i "$0" "a socket inet" & wait' "$PLAY"
	wait_for is_played
	launcher=$PID
	PID=$(children_of "$launcher")
}

note_has() {
	kashim status "$PID" >out
	grep -qF -e "; no shim: $1" out || fail "$(cat out)"
}

@test "status says how the library gets past a launcher that is known" {
	needs_root
	launch cron
	[ "$(timers_of "$PID")" = "$UNTOUCHED" ] || fail "control: the library is there"
	note_has 'cron clears the environment: write LD_PRELOAD=... above the lines of the crontab'
	kashim status "$launcher" >out 2>&1
	not grep -q 'clears' out
}

@test "status names each launcher that is known" {
	needs_root
	sed -n 's/^	{ "\([a-z0-9]*\)", "\([^"]*\)".* },$/\1\t\2/p' "$ROOT/scripts/command/outside-launcher.c" >known
	[ "$(wc -l <known)" -ge 15 ] || fail "they are not found"
	while IFS=$'\t' read -r name remedy; do
		launch "$name"
		note_has "$name clears the environment: $remedy"
	done <known
}

@test "status says below which unknown launcher the environment was cleared" {
	needs_root
	launch superd
	note_has 'environment cleared below superd, which has the shim: use kashim run there, or kashim apply'
}

@test "status recommends a restart for a program that was started without the shim" {
	needs_root
	unwrap
	launch cron
	note_has 'restart or kashim apply'
}

# What is said before it runs.
warns() {
	grep -qF "kashim: $1 starts programs with an environment of its own, without kashim: $2" err || fail "$(cat err)"
}

@test "run names beforehand a launcher that clears the environment" {
	ends 0 '' "$COMMAND" run --conf k.conf env -i /bin/true
	warns env 'inside out: env -i kashim run PROGRAM'
	ends 0 '' "$COMMAND" run --conf k.conf env A=b /bin/true
	[ ! -s err ] || fail "$(cat err)"
	ends 0 '' "$COMMAND" run --conf k.conf /bin/true -i
	[ ! -s err ] || fail "$(cat err)"
	cp "$(type -P true)" cron
	ends 0 '' "$COMMAND" run --conf k.conf ./cron
	warns cron 'write LD_PRELOAD=... above the lines of the crontab'
}

@test "enable names beforehand a launcher that clears the environment" {
	needs_root
	cp "$(type -P true)" atd
	ends 0 '' "$COMMAND" explain --reach -- ./atd
	warns atd 'write kashim run in front of the commands of the job'
	grep -q 'explain --reach' "$ROOT/scripts/host/kashim-unit"
}

@test "each launcher that is known is in the manual" {
	sed -n 's/^	{ "\([a-z0-9]*\)", ".*},$/\1/p' "$ROOT/scripts/command/outside-launcher.c" >known
	[ -s known ]
	while read -r name; do
		grep -q "\<$name\>" "$ROOT/scripts/host/kashim-system.8" || fail "$name is not in kashim-system(8)"
	done <known
}
