#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# While programs start all the time, kashim is enabled for the whole host, upgraded, disabled, removed and installed
# again: each of them works, and the loader has nothing to say. STARTS, 2000 here, is how many there are at least.

load ../lib/live
load ../lib/host

setup_file() {
	install_image
}

# In the host. What they say, and how they fail, is in /trouble, how many there were in /starts and /loaded.
start_programs() {
	cat >"$HOST_ROOT/opt/starter" <<-'END'
		set -u
		starts=0 loaded=0
		try() {
			starts=$((starts + 1))
			"$@" >/dev/null 2>>/trouble || echo "$*: status $?" >>/trouble
		}
		while [ ! -e /stop ]; do
			try /bin/true
			try cat /dev/null
			try ls /
			try sh -c :
			try env -i /bin/true
			try setpriv --reuid 65534 --regid 65534 --clear-groups /bin/true
			try su --help
			try kashim-policy check
			starts=$((starts + 1))
			grep -q libkashim.so /proc/self/maps 2>>/trouble && loaded=$((loaded + 1))
			echo "$starts" >/starts
			echo "$loaded" >/loaded
		done
		echo end >/ended
	END
	start_plain "${HOST[@]}" env "PATH=$PATH:/usr/local/libexec/kashim" bash /opt/starter
	wait_for [ -s "$HOST_ROOT/starts" ]
}

count() {
	local number=
	until [ -n "$number" ]; do
		number=$(cat "$HOST_ROOT/$1")
	done
	echo "$number"
}

# Some more have started since.
more() {
	local before
	before=$(count "$1")
	wait_for has_more "$1" "$((before + 3))"
}

has_more() {
	[ "$(count "$1")" -ge "$2" ]
}

step() {
	kashim_in_host "$@"
	[ "$RESULT" -eq 0 ] || fail "$*: $(cat out err)"
}

put_library() {
	cp "$ROOT/build/libkashim.so" "$LIBRARY_FILE.new"
	mv -f "$LIBRARY_FILE.new" "$LIBRARY_FILE"
}

@test "enable, upgrade, disable, remove, install" {
	local cycles=0
	open_host
	touch "$HOST_ROOT/trouble"
	chmod 666 "$HOST_ROOT/trouble"
	LIBRARY_FILE=$(echo "$HOST_ROOT"/usr/local/lib/*/libkashim.so)
	start_programs
	until [ "$cycles" -gt 0 ] && has_more starts "${STARTS:-2000}"; do
		step system enable
		more loaded
		put_library
		more loaded
		put_library
		printf 'defaults: { idle = %d; };\n' $((cycles + 1)) >"$HOST_ROOT/etc/kashim.conf"
		step compile
		more loaded
		step system disable
		more starts
		rm "$LIBRARY_FILE"
		more starts
		put_library
		cycles=$((cycles + 1))
		[ ! -s "$HOST_ROOT/trouble" ] || fail "$(head "$HOST_ROOT/trouble")"
	done
	touch "$HOST_ROOT/stop"
	wait_for [ -e "$HOST_ROOT/ended" ]
	echo "# $(count starts) starts, $(count loaded) of a ninth with the library, in $cycles cycles" >&3
	[ ! -s "$HOST_ROOT/trouble" ] || fail "$(head "$HOST_ROOT/trouble")"
}

# The control: what the order is for.
@test "the library goes before the line: programs complain" {
	open_host
	touch "$HOST_ROOT/trouble"
	LIBRARY_FILE=$(echo "$HOST_ROOT"/usr/local/lib/*/libkashim.so)
	start_programs
	step system enable
	more loaded
	[ ! -s "$HOST_ROOT/trouble" ]
	rm "$LIBRARY_FILE"
	more starts
	wait_for grep -q 'cannot be preloaded' "$HOST_ROOT/trouble"
}
