#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# kashim measure finds after how much silence a path forgets, within the gap that it promises, and tells that from a
# server that ends silent connections, from lost packets and from an outage. What the paths remember differs from scene
# to scene, so nothing that does not look at the path passes all of them.

load ../lib/wire
load ../lib/measure

setup_file() {
	play_all <<-'END'
		nat_5 finds nat 5 10.77.2.2:7000 silence
		nat_9 finds nat 9 10.77.2.2:7000 silence
		nat_20 finds nat 20 10.77.2.2:7000 silence
		firewall_7 finds firewall 7 10.77.2.2:7000 silence
		firewall_ipv6 finds firewall 5 [fd77:2::2]:7000 silence
		resets finds resetting_firewall 6 10.77.2.2:7000 reset
		ignores_probes sees_that_probes_do_not_help
		lossy_nat finds lossy_nat 9 10.77.2.2:7000 silence
		lossy_path finds_nothing lossy_path
		free_path finds_nothing free_path
		terminal redraws_on_a_terminal
		manual session_is_true
		outage is_not_fooled_by_an_outage
	END
}

teardown_file() {
	stop_all
}

# Kinds of paths, by the seconds after which they forget.
nat() {
	network_nat "$1"
}

firewall() {
	network_firewall "$1"
}

free_path() {
	:
}

# Answers with RST for the server when it has forgotten.
resetting_firewall() {
	network_rules <<-END
		table inet firewall {
			chain forward {
				type filter hook forward priority 0; policy drop
				ct state invalid meta l4proto tcp reject with tcp reset
				ct state established accept
				iifname "to-client" tcp flags & (syn | ack) == syn ct state new accept
			}
		}
	END
	network_forgets "$1"
}

# Every third packet of TCP gets lost.
lossy_path() {
	network_rules <<-END
		table inet lossy {
			chain lossy {
				type filter hook prerouting priority -400
				meta l4proto tcp numgen inc mod 3 == 0 drop
			}
		}
	END
}

lossy_nat() {
	network_nat "$1"
	lossy_path
}

# Forgets a connection so many seconds after its begin, whatever passes.
deaf_firewall() {
	network_rules <<-END
		table inet deaf {
			set known {
				type ipv4_addr . inet_service
				flags dynamic, timeout
				timeout ${1}s
			}
			chain forward {
				type filter hook forward priority 0
				tcp flags & (syn | ack) == syn add @known { ip saddr . tcp sport }
				iifname "to-client" ip saddr . tcp sport != @known drop
			}
		}
	END
}

# The gap is at most 2 s, or 5 %; the policy keeps a connection, and is for less than the path remembers.
brackets() {
	remembers_less_than "$1"
	holds "$1 <= $(result forgotten)"
	holds "$(result forgotten) - $(result remembered) <= 2.1"
	holds "$(result path_timeout) < $1"
}

finds() {
	local path=$1 memory=$2 to=$3 manner=$4
	needs_python
	"$path" "$memory"
	serve "$(tr -d '[]' <<<"${to%:*}")"
	measure --json --shortest "$((memory / 2))s" --longest "$((memory * 2))s" "$to"
	exits_with 0
	has outcome '"measured"'
	has manner "\"$manner\""
	[ "$path" = lossy_nat ] || has keeps_open true
	[ "$(result keeps_open)" != false ] || fail "probes are said not to help"
	has server_closes null
	brackets "$memory"
	row "measure, ${path//_/ }, $memory s" "-" \
		"remembered $(result remembered) s, forgotten $(result forgotten) s" "$memory s"
}

finds_nothing() {
	needs_python
	"$1"
	serve
	measure --json --shortest 2s --longest 9s 10.77.2.2:7000
	exits_with 1
	has outcome '"remembered"'
	has forgotten null
	has path_timeout null
	holds "$(result remembered) >= 9"
	row "measure, ${1//_/ }" "-" "nothing forgotten up to 9 s" "nothing"
}

sees_that_probes_do_not_help() {
	needs_python
	deaf_firewall 5
	serve
	measure --json --shortest 2s --longest 10s 10.77.2.2:7000
	exits_with 0
	has outcome '"measured"'
	has keeps_open false
	has path_timeout null
	holds "3 <= $(result remembered)"
	remembers_less_than 5
	row "measure, firewall that ignores probes, 5 s" "-" "probes do not help" "probes do not help"
}

# A line for each connection, drawn again and again; and in a pipe a line for each result, with nothing to draw it.
redraws_on_a_terminal() {
	local escape=$'\033'
	needs script stty
	needs_python
	serve
	in_client script -qfec "stty rows 30 cols 100; exec $ROOT/build/kashim measure --longest 2s 10.77.2.2:7000" /dev/null >drawn || :
	grep -q "$escape\[[0-9]*A.*  1s  \[######" drawn || fail "$(cat drawn)"
	grep -q 'control: [1-9][0-9]* of [1-9][0-9]* probes answered' drawn
	grep -q 'Nothing was forgotten up to 2s' drawn
	in_client script -qfec "stty rows 4 cols 100; exec $ROOT/build/kashim measure --longest 2s 10.77.2.2:7000" /dev/null >small || :
	not grep "$escape\[[0-9]*A" small
	in_client "$ROOT/build/kashim" measure --longest 2s 10.77.2.2:7000 >lines || :
	not grep "$escape\|\[###" lines
	[ "$(grep -c '^ *[0-9.]*s  remembered, answered within [0-9]* ms$' lines)" -ge 5 ] || fail "$(cat lines)"
	row "measure, terminal and pipe" "-" "redrawn; lines" "redrawn; lines"
}

# What stands in the manual, to the letter but for what depends on how fast the machine is: milliseconds, tenths of what
# came out, and how many probes there were when it was sure.
session_is_true() {
	needs_python
	network_nat 9
	serve
	awk '/^\.\\" session$/ { on = 1; next }
		on && /^\.Bd / { inside = 1; next }
		/^\.Ed$/ { on = inside = 0 }
		inside' "$ROOT/scripts/kashim-measure.1" >session
	[ "$(head -n 1 session)" = '$ kashim measure --longest 16s 10.77.2.2:7000' ] || fail "no session: $(head -n 1 session)"
	in_client "$ROOT/build/kashim" measure --longest 16s 10.77.2.2:7000 >played || fail "$(cat played)"
	diff -u <(tail -n +2 session | without_speed) <(without_speed <played)
	row "measure, the session of the manual" "-" "as it stands there" "as it stands there"
}

without_speed() {
	sed -E -e 's/[0-9]+ (ms|probes)$/N \1/' -e '/^ +[0-9.]+s  forgotten/d' -e 's/[0-9]+ of [0-9]+ answered in [0-9.]+s/N answered/' \
		-e '/^(remembered|forgotten) /s/\.[0-9]s/s/'
}

# Nothing passes for a while, just when the first probes are due.
is_not_fooled_by_an_outage() {
	local cut
	needs_python
	network_nat 9
	serve
	(
		wait_for has_connections 14
		until_after 7 "$(now)"
		network_cut
		until_after 8 "$(now)"
		network_heal
		touch healed
	) &
	cut=$!
	measure --json --shortest 4s --longest 18s 10.77.2.2:7000
	wait "$cut"
	[ -e healed ] || fail "there was no outage"
	has outcome '"measured"'
	has keeps_open true
	brackets 9
	row "measure, NAT, 9 s, outage in the middle" "-" \
		"remembered $(result remembered) s, forgotten $(result forgotten) s" "9 s"
}

@test "measure finds that a NAT forgets after 5 s" {
	scene nat_5
}

@test "measure finds that a NAT forgets after 9 s" {
	scene nat_9
}

@test "measure finds that a NAT forgets after 20 s" {
	scene nat_20
}

@test "measure finds that a firewall that drops forgets after 7 s" {
	scene firewall_7
}

@test "measure finds that an IPv6 firewall forgets after 5 s" {
	needs ipv6
	scene firewall_ipv6
}

@test "measure finds that a firewall that answers with RST forgets after 6 s" {
	scene resets
}

@test "measure says that probes do not help with a firewall that ignores them" {
	scene ignores_probes
}

@test "measure finds that a NAT forgets after 9 s although every third packet is lost" {
	scene lossy_nat
}

@test "measure is not misled by lost packets on a path that forgets nothing" {
	scene lossy_path
}

@test "measure says that a path forgets nothing" {
	scene free_path
}

@test "measure redraws its lines on a terminal, and writes plain lines into a pipe" {
	scene terminal
}

@test "measure prints what its manual shows" {
	scene manual
}

@test "measure finds that a NAT forgets after 9 s despite an outage in the middle" {
	scene outage
}
