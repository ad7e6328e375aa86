# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests with /etc/ld.so.preload and /etc/kashim.conf: a view of the file system in which /etc and HOUSE are the
# test's own, and the host's stay as they are. The scene's commands run in there. Loaded after play.bash.

HOUSE=/media
SOMEBODY=65534
# shellcheck disable=SC2034 # for the tests
AS_SOMEBODY=(setpriv --reuid "$SOMEBODY" --regid "$SOMEBODY" --clear-groups)

open_house() {
	local lines holder up=
	needs other-users mount-namespaces
	needs_scene
	# shellcheck disable=SC2016 # the shell in there expands it
	exec {lines}< <(exec "${SCENE[@]}" unshare --mount --propagation private sh -c '
		mkdir etc && cp /etc/passwd /etc/group /etc/ld.so.cache etc &&
		mount -t tmpfs -o mode=755 tmpfs /etc && cp etc/* /etc &&
		mount -t tmpfs -o mode=755 tmpfs "$1" && echo up && exec sleep 600' sh "$HOUSE" </dev/null 2>/dev/null 3>&-)
	# The new holder is in the scene's network namespace, so the old one is needed no more.
	holder=$!
	read -r -t "$PATIENCE" up <&"$lines" || :
	exec {lines}<&-
	end "${STARTED[@]}"
	STARTED=("$holder")
	[ "$up" = up ] || fail "no view of the file system" || return
	SCENE=(nsenter --net --mount --target "$holder" --)
	install_in_house
}

# The shim, and a play for each way to have more rights than who starts it; somebody has a home and there is a /tmp.
install_in_house() {
	in_scene install -m 644 "$SHIM" "$HOUSE/libkashim.so"
	in_scene install -m 755 "$ROOT/build/kashim" "$HOUSE/kashim"
	in_scene install -m 755 "$PLAY" "$HOUSE/plain"
	in_scene install -m 4755 "$PLAY" "$HOUSE/set-uid"
	in_scene install -m 2755 "$PLAY" "$HOUSE/set-gid"
	in_scene install -m 755 "$PLAY" "$HOUSE/capable"
	in_scene install -d -o "$SOMEBODY" -g "$SOMEBODY" "$HOUSE/home"
	in_scene install -d -m 1777 "$HOUSE/tmp"
	PRIVILEGED=(set-uid set-gid)
	if command -v setcap >/dev/null && in_scene setcap cap_net_raw+ep "$HOUSE/capable" 2>/dev/null; then
		PRIVILEGED+=(capable)
	fi
	preload_for_all
}

preload_for_all() {
	write_in_house /etc/ld.so.preload <<<"$HOUSE/libkashim.so"
}

preload_for_nobody() {
	write_in_house /etc/ld.so.preload </dev/null
}

write_in_house() {
	# shellcheck disable=SC2016 # the shell in there expands it
	in_scene sh -c 'cat >"$1"' sh "$1"
}

# A configuration and its compiled policy.
compile_in_house() {
	write_in_house "$1"
	in_scene "$ROOT/build/kashim" compile -- "$1" >/dev/null
}

# A program of the house makes a TCP socket; who runs it and with which variables comes first.
act() {
	unwrap
	play_with "${@:1:$#-1}" "$HOUSE/${*: -1}" 'a socket inet'
}
