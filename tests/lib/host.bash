# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests of what holds for a whole host. Loaded after live.bash. The host is a copy of this one, with the same files,
# of which nothing that is written reaches the real ones, and processes and a network of its own. HOST_BASE names
# another one, as a directory.

HOST_BASE=${HOST_BASE:-/}

# Put kashim's files where a host can take them from. In setup_file. One at a time: they are made ready in the tree.
install_image() {
	unset DESTDIR
	IMAGE=$BATS_FILE_TMPDIR/image
	export IMAGE
	flock "$ROOT/build" make -s -C "$ROOT" install "DESTDIR=$IMAGE" PREFIX=/usr/local >"$BATS_FILE_TMPDIR/install" 2>&1 ||
		{ cat "$BATS_FILE_TMPDIR/install" && return 1; }
}

# HOST is put in front of a command to run it in there, with an environment that says nothing of this test; HOST_PID is
# its first process, HOST_ROOT its files, as they are seen from here. kashim is in it where there is an IMAGE.
open_host() {
	local lines up
	needs root other-users overlay process-namespaces network-namespaces chroot
	mkdir stage
	exec {lines}< <(exec unshare --mount --pid --net --uts --ipc --fork --kill-child \
		sh "$ROOT/tests/lib/host.sh" "$PWD/stage" "$HOST_BASE" "$ROOT" "${IMAGE:-}" 2>stage.log </dev/null 3>&-)
	STARTED+=("$!")
	read -r -t "$PATIENCE" up <&"$lines" || up=
	exec {lines}<&-
	[ "$up" = up ] || fail "no copy of this host: $(head -n 1 stage.log)" || return
	HOST_PID=$(children_of "${STARTED[-1]}")
	HOST_ROOT=/proc/$HOST_PID/root
	HOST=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C HOME=/root
		"$(command -v nsenter)" --target "$HOST_PID" --all --root --wd --)
}

in_host() {
	"${HOST[@]}" "$@" 3>&-
}

# In the background; what it says is in a file of this name.
start_in_host() {
	local name=$1
	shift
	"${HOST[@]}" "$@" </dev/null >"$name.log" 2>&1 3>&- &
	STARTED+=("$!")
}

# All processes of the host, by the numbers that they have here.
processes_of_host() {
	find /proc/[0-9]*/ns/pid -lname "$(readlink "/proc/$HOST_PID/ns/pid" | tr '[]' '??')" 2>/dev/null | cut -d / -f 3
}

# Run it in the host; what it prints is in `out` and `err`, and its exit status in RESULT.
run_in_host() {
	export RESULT=0
	timeout 120 "${HOST[@]}" "$@" >out 2>err 3>&- </dev/null || RESULT=$?
}

kashim_in_host() {
	run_in_host kashim "$@"
}

preload_file() {
	cat "$HOST_ROOT/etc/ld.so.preload"
}
