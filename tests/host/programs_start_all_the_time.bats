#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# While programs start all the time, kashim is enabled for the whole host, upgraded, disabled, removed and installed
# again: each of them works, and the loader has nothing to say. STARTS, 2000 here, is how many there are at least.

load ../lib/live
load ../lib/host

setup_file() {
	install_image
}

# In the host, with what they write in STARTS_AT.
start_programs() {
	STARTS_AT=$HOST_ROOT/starts
	mkdir "$STARTS_AT"
	cp "$ROOT/tests/lib/starts.sh" "$HOST_ROOT/opt"
	start_plain "${HOST[@]}" sh /opt/starts.sh /starts kashim check
	wait_for [ -s "$STARTS_AT/count" ]
}

# They have not failed, and said nothing.
are_well() {
	not grep . "$STARTS_AT"/{failed,stderr}
}

count() {
	local number=
	until [ -n "$number" ]; do
		number=$(cat "$STARTS_AT/$1")
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

@test "no start fails while kashim is enabled, upgraded, disabled, removed and installed" {
	local cycles=0
	open_host
	LIBRARY_FILE=$(echo "$HOST_ROOT"/usr/local/lib/*/libkashim.so)
	start_programs
	until [ "$cycles" -gt 0 ] && has_more count "${STARTS:-2000}"; do
		step system enable
		more loaded
		put_library
		more loaded
		put_library
		printf 'defaults: { idle = %d; };\n' $((cycles + 1)) >"$HOST_ROOT/etc/kashim.conf"
		step compile
		more loaded
		step system disable
		more count
		rm "$LIBRARY_FILE"
		more count
		put_library
		cycles=$((cycles + 1))
		are_well
	done
	touch "$STARTS_AT/stop"
	wait "$PID"
	echo "# $(count count) starts, $(count loaded) of a tenth with the library, in $cycles cycles" >&3
	are_well
}

# The control: what the order is for.
@test "programs complain when the library goes before the line: the control" {
	open_host
	LIBRARY_FILE=$(echo "$HOST_ROOT"/usr/local/lib/*/libkashim.so)
	start_programs
	step system enable
	more loaded
	are_well
	rm "$LIBRARY_FILE"
	more count
	wait_for grep -q 'cannot be preloaded' "$STARTS_AT/stderr"
}
