#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Set-uid and set-gid programs and those with file capabilities load the shim from /etc/ld.so.preload, and who starts them
# has no say in it: not by the environment, not by files. The same program without privilege shows that he would have.

load ../lib/live
load ../lib/play
load ../lib/house

HOME_POLICY=1/7/11/5

his_and_the_systems_policy() {
	open_house
	compile_in_house /etc/kashim.conf <<<'defaults: { idle = 33; interval = 11; count = 5; };'
	compile_in_house "$HOUSE/home/his.conf" <<<'defaults: { idle = 7; interval = 11; count = 5; };'
	in_scene chown -R "$SOMEBODY:$SOMEBODY" "$HOUSE/home"
	THEIRS=("${AS_SOMEBODY[@]}" env)
}

@test "privileged programs ignore the environment" {
	local name
	his_and_the_systems_policy
	for name in "${PRIVILEGED[@]}"; do
		act "${THEIRS[@]}" "KASHIM_CONF=$HOUSE/home/his.conf" "$name"
		have a "$POLICY"
		act "${THEIRS[@]}" KASHIM=idle=7,interval=11,count=5 "$name"
		have a "$POLICY"
		act "${THEIRS[@]}" KASHIM=off "LD_PRELOAD=$HOUSE/libkashim.so" "$name"
		have a "$POLICY"
		act "${THEIRS[@]}" KASHIM_VERBOSE=1 "KASHIM_LOG=$HOUSE/home/log" "$name"
		have a "$POLICY"
		in_scene test ! -e "$HOUSE/home/log"
	done
	act "${THEIRS[@]}" "KASHIM_CONF=$HOUSE/home/his.conf" plain
	have a "$HOME_POLICY"
	act "${THEIRS[@]}" KASHIM=idle=7,interval=11,count=5 plain
	have a "$HOME_POLICY"
	act "${THEIRS[@]}" KASHIM=off "LD_PRELOAD=$HOUSE/libkashim.so" plain
	have a "$UNTOUCHED"
	act "${THEIRS[@]}" KASHIM_VERBOSE=1 "KASHIM_LOG=$HOUSE/home/log" plain
	in_scene grep -q 'socket [0-9]*: idle 33' "$HOUSE/home/log"
}

@test "LD_PRELOAD loads nothing into privileged programs" {
	local name
	his_and_the_systems_policy
	preload_for_nobody
	for name in "${PRIVILEGED[@]}"; do
		act "${THEIRS[@]}" "LD_PRELOAD=$HOUSE/libkashim.so" "$name"
		have a "$UNTOUCHED"
	done
	act "${THEIRS[@]}" "LD_PRELOAD=$HOUSE/libkashim.so" plain
	have a "$POLICY"
}

@test "a privileged program writes no file of others for its user" {
	his_and_the_systems_policy
	write_in_house "$HOUSE/accounts" <<<'root'
	in_scene chmod 600 "$HOUSE/accounts"
	act "${THEIRS[@]}" KASHIM_VERBOSE=1 "KASHIM_LOG=$HOUSE/accounts" set-uid
	act "${THEIRS[@]}" KASHIM_VERBOSE=1 "KASHIM_LOG=$HOUSE/new" set-uid
	act "${THEIRS[@]}" KASHIM_VERBOSE=1 "KASHIM_LOG=$HOUSE/accounts" plain
	[ "$(in_scene cat "$HOUSE/accounts")" = root ]
	in_scene test ! -e "$HOUSE/new"
	act env KASHIM_VERBOSE=1 "KASHIM_LOG=$HOUSE/accounts" plain
	in_scene grep -q 'socket [0-9]*: idle 33' "$HOUSE/accounts"
}

# What each of these programs shall have, and what the one without privilege.
all_have() {
	local expected=$1 name
	for name in "${PRIVILEGED[@]}"; do
		act "${THEIRS[@]}" "$name"
		have a "$expected"
	done
	act "${THEIRS[@]}" plain
	have a "$2"
}

@test "a privileged program trusts the system's policy only if none but root can write it" {
	local file=/etc/kashim.policy
	his_and_the_systems_policy
	in_scene chown "$SOMEBODY" $file
	all_have "$UNTOUCHED" "$POLICY"
	in_scene chown 2 $file
	in_scene chown 2 "$HOUSE/set-uid"
	in_scene chmod 4755 "$HOUSE/set-uid"
	all_have "$UNTOUCHED" "$UNTOUCHED"
	in_scene chown 0 $file
	in_scene chmod 664 $file
	act "${THEIRS[@]}" set-gid
	have a "$UNTOUCHED"
	in_scene chmod 646 $file
	act "${THEIRS[@]}" set-uid
	have a "$UNTOUCHED"
	in_scene chmod 644 $file
	all_have "$POLICY" "$POLICY"
}

@test "a policy that others wrote is not for root, nor for who is no more than they" {
	his_and_the_systems_policy
	act env "KASHIM_CONF=$HOUSE/home/his.conf" plain
	have a "$UNTOUCHED"
	act setpriv --reuid 2 --clear-groups env "KASHIM_CONF=$HOUSE/home/his.conf" plain
	have a "$UNTOUCHED"
	act setpriv --reuid 2 --clear-groups env "KASHIM_CONF=/etc/kashim.conf" plain
	have a "$POLICY"
	# What a link leads to counts, not whose the link is.
	in_scene "${AS_SOMEBODY[@]}" ln -s /etc/kashim.policy "$HOUSE/home/link.policy"
	in_scene "${AS_SOMEBODY[@]}" ln -s /etc/kashim.conf "$HOUSE/home/link.conf"
	act env "KASHIM_CONF=$HOUSE/home/link.conf" plain
	have a "$POLICY"
}

@test "no child compiles a text for privileged programs" {
	local name
	his_and_the_systems_policy
	write_in_house "$HOUSE/kashim" <<-END
		#!/bin/sh
		: >$HOUSE/tmp/ran
		exec $ROOT/build/kashim "\$@"
	END
	write_in_house /etc/kashim.conf <<<'defaults: { idle = 44; };'
	for name in "${PRIVILEGED[@]}"; do
		act "${THEIRS[@]}" "LD_PRELOAD=$HOUSE/libkashim.so" "$name"
		have a "$POLICY"
	done
	in_scene test ! -e "$HOUSE/tmp/ran"
	act "${THEIRS[@]}" "LD_PRELOAD=$HOUSE/libkashim.so" plain
	in_scene test -e "$HOUSE/tmp/ran"
}

# The system's policy has a log, and there is something to be said: that it is old.
reports_go_to() {
	compile_in_house /etc/kashim.conf <<<"defaults: { idle = 33; }; log = \"$1\";"
	write_in_house /etc/kashim.conf <<<"defaults: { idle = 44; }; log = \"$1\";"
}

# How many lines a file has.
lines_of() {
	# shellcheck disable=SC2016 # the shell in there expands it
	in_scene sh -c 'cat "$1" 2>/dev/null | wc -l' sh "$1"
}

@test "the log of the system's policy is written by privileged programs" {
	his_and_the_systems_policy
	reports_go_to "$HOUSE/log"
	act "${THEIRS[@]}" set-uid
	in_scene grep -q 'set-uid: /etc/kashim.conf: is newer' "$HOUSE/log"
	[ "$(in_scene stat -c '%a %u' "$HOUSE/log")" = '640 0' ]
	[ "$(lines_of "$HOUSE/log")" = 1 ]
}

@test "no link of others leads a privileged report astray" {
	local name link=$HOUSE/tmp/log victim=$HOUSE/victim
	his_and_the_systems_policy
	# Or else the kernel may not follow them either.
	[ "$(cat /proc/sys/fs/protected_symlinks)" = 0 ] || in_scene chmod 777 "$HOUSE/tmp"
	reports_go_to "$link"
	in_scene install -m 660 -g 0 /dev/null "$victim"
	in_scene "${AS_SOMEBODY[@]}" ln -s "$victim" "$link"
	for name in set-uid set-gid; do
		act "${THEIRS[@]}" "$name"
	done
	act env plain
	[ "$(lines_of "$victim")" = 0 ]
	in_scene "${AS_SOMEBODY[@]}" ln -sf "$HOUSE/new" "$link"
	act "${THEIRS[@]}" set-uid
	in_scene test ! -e "$HOUSE/new"
	in_scene ln -sf "$victim" "$link"
	act "${THEIRS[@]}" set-uid
	act "${THEIRS[@]}" set-gid
	act env plain
	[ "$(lines_of "$victim")" = 3 ]
	act env KASHIM_VERBOSE=1 KASHIM_LOG=/dev/stderr plain
	grep -q 'socket [0-9]*: idle 33' log
}

@test "a privileged report is one line, whatever the name of who reports" {
	local name=$'home/x\nroot::0:0:::'
	his_and_the_systems_policy
	reports_go_to "$HOUSE/log"
	in_scene ln -s "$HOUSE/set-uid" "$HOUSE/$name"
	act "${THEIRS[@]}" "$name"
	in_scene grep -q 'x?root::0:0:::: /etc/kashim.conf: is newer' "$HOUSE/log"
	[ "$(lines_of "$HOUSE/log")" = 1 ]
}
