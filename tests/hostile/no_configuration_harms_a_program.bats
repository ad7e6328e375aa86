#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Whatever there is in place of a configuration, a drop-in, a compiled policy: programs print what they print without the
# shim, end the same way, and make a few hundred system calls more at most. What is an error is reported, and sockets are left
# alone.

load ../lib/live
load ../lib/play
load ../lib/harmless

# What cannot be a text, and what is one and in error.
no_files() {
	printf '%s\n' fifo directory socket endless loop program hole zeros everyone
}

errors() {
	no_files
	printf '%s\n' dangling long_string long_word deep lists nul half
}

fine() {
	printf '%s\n' mark returns
	[ "$(id -u)" != 0 ] || echo stranger
}

# Root reads everything, unless it lost the right to.
without_rights() {
	[ "$(id -u)" != 0 ] || AS=(setpriv "--bounding-set=-dac_override,-dac_read_search")
	put unreadable file
	! "${AS[@]}" cat file 2>/dev/null || skip "everything can be read here"
}

@test "no text harms a program, whatever it is" {
	needs_python
	rm k.policy
	for kind in $(errors); do
		put "$kind" k.conf
		comes_to "$UNTOUCHED" k.conf
	done
	for kind in $(fine); do
		put "$kind" k.conf
		comes_to "$POLICY"
	done
}

@test "no drop-in harms a program, whatever it is" {
	needs_python
	rm k.policy
	mkdir k.conf.d
	for kind in $(no_files) dangling nul; do
		put "$kind" k.conf.d/50-bad.conf
		comes_to "$UNTOUCHED" 50-bad.conf
	done
	: >k.conf
	for kind in $(fine); do
		put "$kind" k.conf.d/50-good.conf
		rm -f k.conf.d/50-bad.conf
		comes_to "$POLICY"
	done
}

@test "no directory of drop-ins harms a program, whatever it is" {
	needs_python
	rm k.policy
	for kind in fifo socket endless program loop; do
		put "$kind" k.conf.d
		comes_to "$UNTOUCHED" "k.conf.d\|drop-in directory"
	done
	put directory k.conf.d
	chmod 777 k.conf.d
	comes_to "$UNTOUCHED" "k.conf.d\|drop-in directory"
	for kind in nothing dangling directory; do
		put "$kind" k.conf.d
		comes_to "$POLICY"
	done
}

@test "no compiled policy beside a good text harms a program" {
	needs_python
	put dangling k.policy
	comes_to "$POLICY"
	for kind in $(no_files) $(fine); do
		put "$kind" k.policy
		comes_to "$POLICY" k.policy
	done
	"$ROOT/build/kashim" compile k.conf
	chmod 666 k.policy
	comes_to "$POLICY" 'others can write it'
	chmod 644 k.policy
	echo >>k.policy
	comes_to "$POLICY" 'is damaged'
}

@test "no compiled policy without a text harms a program" {
	needs_python
	rm k.conf
	for kind in $(no_files); do
		put "$kind" k.policy
		comes_to "$UNTOUCHED" 'k\.conf\|k\.policy'
	done
}

@test "no configuration that may not be read harms a program" {
	needs_python
	without_rights
	put unreadable k.policy
	comes_to "$POLICY" k.policy
	put unreadable k.conf
	comes_to "$UNTOUCHED" 'k\.conf\|k\.policy'
	rm k.conf
	echo >k.conf
	mkdir k.conf.d
	put unreadable k.conf.d/50-bad.conf
	comes_to "$UNTOUCHED" '50-bad\.conf\|k\.policy'
	chmod 000 k.conf.d
	comes_to "$UNTOUCHED" 'k\.conf\.d\|k\.policy'
}

# A text of a megabyte takes its time, and a child has two seconds for it; here are two programs.
@test "100,000 settings and 200,000 rules or words harm no program" {
	local what pid waiting=()
	needs_python
	seq -f 'a%.0f=1;' 100000 >settings.conf
	{ echo 'rules=(' && yes '{},' | head -n 200000 && echo '{});'; } >rules.conf
	{ echo 'rules=({program=(' && yes '"a",' | head -n 200000 && echo '"a");});'; } >words.conf
	for what in settings rules words; do
		KASHIM_CONF=$PWD/$what.conf KASHIM_LOG=$PWD/$what.log harmless --times 1 -- &
		waiting+=("$!")
	done
	for pid in "${waiting[@]}"; do
		wait "$pid"
	done
	grep 'could not be compiled in time' settings.log
	grep 'too many rules' rules.log
	grep 'too long' words.log
}

@test "20,000 compiled rules harm no program" {
	needs_python
	{ echo 'rules = (' && yes '{ argument = "*x*y*z*"; idle = 3; },' | head -n 20000 && echo '{ } );'; } >k.conf
	"$ROOT/build/kashim" compile k.conf
	comes_to 1/60/10/6
}

# Renamed, removed, cut, written again, as fast as can be.
@test "files that vanish and change while they are read harm no program" {
	needs_python
	many_rules
	mkdir k.conf.d
	cp k.policy policy
	cp k.conf text
	"$PYTHON" -c '
import os, random, shutil
while True:
	name = random.choice(["k.conf", "k.policy", "k.conf.d", "k.conf.d/50.conf"])
	try:
		what = random.randrange(5)
		if what == 0:
			os.rename(name, random.choice(["away", "k.conf", "k.policy"]))
		elif what == 1:
			os.unlink(name)
		elif what == 2:
			os.truncate(name, random.randrange(1 + os.path.getsize(name)))
		else:
			shutil.copy(random.choice(["text", "policy"]), name)
		os.mkdir("k.conf.d")
	except OSError:
		pass' 3>&- &
	STARTED+=("$!")
	harmless --times 200 --
}

# Loaded without the variable, so that no child compiles anything.
damaged() {
	local loader
	needs_python
	loader=$(readelf -l "$PLAY" | sed -n 's/.*program interpreter: \(.*\)]/\1/p')
	rm k.conf
	harmless --damage k.policy "$1" --loader "$loader" -- "$PLAY" 'a socket inet' 'a close' exec true >runs || fail "$(cat runs)"
	echo "# $(cat runs)" >&3
}

@test "no wrong byte and no wrong length of a compiled policy harms a program" {
	damaged 1
	[ "$(grep -Ec 'is damaged|is not a compiled policy|was compiled by another version' report) runs" = "$(cat runs)" ] ||
		fail "$(cat runs), but $(wc -l <report) reports"
}

# Of which a program reads what concerns it.
many_rules() {
	{
		echo 'rules = ('
		seq -f '{ program = "other%.0f"; idle = 3; },' 26
		echo '{ program = "play"; idle = 33; }, { argument = "no-such"; idle = 8; } );'
	} | policy
}

@test "no wrong byte or length in a large compiled policy harms a program" {
	many_rules
	damaged 97
	[ "$(wc -l <report)" -gt 100 ]
}
