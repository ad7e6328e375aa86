# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests of what holds for a whole host. Loaded after live.bash. The host is a copy of this one, with the same files,
# of which nothing that is written reaches the real ones, and processes of its own. kashim is installed in it.

# Put kashim's files where a host can take them from. In setup_file.
install_image() {
	unset DESTDIR
	IMAGE=$BATS_FILE_TMPDIR/image
	export IMAGE
	make -s -C "$BATS_TEST_DIRNAME/../.." install "DESTDIR=$IMAGE" PREFIX=/usr/local >"$BATS_FILE_TMPDIR/install" 2>&1 ||
		{ cat "$BATS_FILE_TMPDIR/install" && return 1; }
}

# HOST is put in front of a command to run it in there.
open_host() {
	local lines up
	needs_root
	mkdir stage
	# shellcheck disable=SC2016 # expanded in there
	exec {lines}< <(exec unshare --mount --pid --fork --kill-child sh -euc '
		mount -t tmpfs -o mode=755 tmpfs "$1"
		mkdir "$1/upper" "$1/work" "$1/host"
		mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/host"
		cd "$1/host"
		rm -rf etc/ld.so.preload etc/kashim*
		# Other kinds of programs are a test of their own.
		rm -f lib32/libc.so.6 libx32/libc.so.6 lib/i386-linux-gnu/libc.so.6
		cp -a "$2/." .
		mount --rbind /dev dev
		mount --rbind /sys sys
		mount -t proc proc proc
		exec chroot . sh -c "echo up; exec sleep 600"
	' sh "$PWD/stage" "$IMAGE" 2>stage.log </dev/null 3>&-)
	STARTED+=("$!")
	read -r -t "$PATIENCE" up <&"$lines" || up=
	exec {lines}<&-
	[ "$up" = up ] || skip "no copy of this host can be made: $(head -n 1 stage.log)"
	HOST=(nsenter --target "$(children_of "${STARTED[-1]}")" --mount --pid --root --wd)
	HOST_ROOT=/proc/$(children_of "${STARTED[-1]}")/root
}

in_host() {
	"${HOST[@]}" "$@" 3>&-
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
