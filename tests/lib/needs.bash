# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# What a test needs of the machine. Where the machine lacks it, the test is skipped, and the reason says what is missing.
# Each is tried once in a run of the suite, by doing it, never by asking which packages or which kernel there is.
#
#     needs curl ptrace ipv6      commands, and the things that have a probe below
#     needs descriptors:10100     that many; a limit is raised where it may be

# A view of the file system in which /etc can be written.
OVERLAY='mount -t tmpfs none /mnt && mkdir /mnt/upper /mnt/work &&
	mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work none /etc'
# Shared by all files of a run; scripts/build/run-tests sets it.
PROBED=${PROBED:-${BATS_RUN_TMPDIR:-${TMPDIR:-/tmp}}/probed}

needs() {
	local thing reason
	for thing; do
		case $thing in
		descriptors:*) raise_descriptors "${thing#*:}" || skip "needs ${thing#*:} descriptors: $(ulimit -Hn) may be open" ;;
		*)
			reason=$(lack_of "$thing")
			[ -z "$reason" ] || skip "needs $thing: $reason"
			;;
		esac
	done
}

raise_descriptors() {
	[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge "$1" ] || ulimit -n "$1" 2>/dev/null
}

# Why this machine does not have it, in a line, or nothing.
lack_of() {
	local found=$PROBED/$1
	if [ ! -e "$found" ]; then
		mkdir -p "$PROBED"
		probe "$1" >"$found.$BASHPID" 2>&1 </dev/null || :
		mv -f "$found.$BASHPID" "$found"
	fi
	head -n 1 "$found"
}

# Prints nothing where it is there.
probe() {
	case $1 in
	root) [ "$(id -u)" = 0 ] || echo "only root can do this" ;;
	other-users) probe_other_users ;;
	cc) try compile_here ;;
	static-cc) try compile_here -static ;;
	32-bit) try compile_here -m32 ;;
	musl-gcc) CC=musl-gcc try compile_here ;;
	musl) [ -e "$(echo /lib/ld-musl-*.so.1)" ] || echo "there is no loader of musl's" ;;
	glibc) try getconf GNU_LIBC_VERSION ;;
	python3) python >/dev/null || echo "there is none that is a program" ;;
	python3-yaml) try "$(python)" -c 'import yaml' ;;
	strace) try strace -o /dev/null true ;;
	ptrace) probe_ptrace ;;
	gdb) try gdb -q -batch -ex run -ex quit --args true ;;
	ltrace) try ltrace -o /dev/null true ;;
	valgrind) try valgrind -q true ;;
	perf) try perf stat true ;;
	terminal) try "$(python)" -c 'import pty; pty.openpty()' ;;
	ipv6) try bash -c ': 3<>/dev/udp/::1/9' ;;
	mptcp) probe_mptcp ;;
	fast-open) probe_fast_open ;;
	retransmit-max) probe_retransmit_max ;;
	io_uring) probe_io_uring ;;
	seccomp) try "$TOOLS/play" 'z confine EPERM 99999' exec true ;;
	landlock) try "$(python)" "$ROOT/tests/lib/inside/landlock.py" 1 / -- true ;;
	nftables) try in_namespaces --net nft 'add table ip t' ;;
	user-namespaces) try unshare --user --map-root-user true ;;
	network-namespaces) try in_namespaces --net ip link set lo up ;;
	mount-namespaces) try in_namespaces --mount mount -t tmpfs none /mnt ;;
	process-namespaces) try in_namespaces --mount --pid --fork --mount-proc true ;;
	overlay) try in_namespaces --mount sh -c "$OVERLAY" ;;
	namespaces) try in_namespaces --mount --pid --fork --mount-proc --net mount -t tmpfs none /mnt ;;
	pidfd_getfd) probe_pidfd_getfd ;;
	chroot) try in_namespaces --mount chroot / true ;;
	set-uid) probe_set_uid ;;
	*) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null || echo "it is not installed" ;;
	esac
}

# Prints why a command fails.
try() {
	local output
	output=$("$@" 2>&1) || grep -m 1 . <<<"${output:-$1 fails}"
}

# A command in namespaces of its own, as unshare(1) names them, with root's rights in there.
in_namespaces() {
	[ "$(id -u)" = 0 ] || set -- --user --map-root-user "$@"
	PATH=$PATH:/usr/sbin:/sbin unshare "$@"
}

# A program that is built with these flags runs.
compile_here() {
	local program=$PROBED/a-program.$BASHPID
	echo 'int main(void) { return 0; }' | "${CC:-cc}" "$@" -x c -o "$program" - && "$program"
	set -- $?
	rm -f "$program"
	return "$1"
}

probe_ptrace() {
	# shellcheck disable=SC2016 # python's
	try "$(python)" -c '
import ctypes, os
child = os.fork()
if child == 0:
    os._exit(ctypes.CDLL(None).ptrace(0, 0, None, None) & 1)
raise SystemExit("ptrace(2) is not allowed" if os.waitpid(child, 0)[1] else 0)'
}

probe_other_users() {
	[ "$(id -u)" = 0 ] || { echo "only root can become another user" && return; }
	try setpriv --reuid=65534 --regid=65534 --clear-groups true
}

probe_mptcp() {
	"$TOOLS/play" 'a socket mptcp' exec true | grep -q '^a socket mptcp: [0-9]* 0$' || echo "this kernel has none"
}

probe_fast_open() {
	[ $(($(cat /proc/sys/net/ipv4/tcp_fastopen 2>/dev/null || echo 0) & 1)) = 1 ] || echo "net.ipv4.tcp_fastopen is off"
}

# TCP_RTO_MAX_MS, and the number of retransmissions that its times are made for.
probe_retransmit_max() {
	[ "$(cat /proc/sys/net/ipv4/tcp_retries2)" = 15 ] || echo "net.ipv4.tcp_retries2 is not 15"
	try "$(python)" -c 'import socket; socket.socket().getsockopt(socket.IPPROTO_TCP, 44)'
}

# Nobody listens there: where it is denied, it does not come so far.
probe_io_uring() {
	local status=0
	"$TOOLS/io_uring_sockets" 9 >/dev/null 2>&1 || status=$?
	[ "$status" != 77 ] || echo "this kernel does not make sockets by it"
}

# The tests read sockets from outside of a program.
probe_pidfd_getfd() {
	local lines pid line=
	exec {lines}< <(exec "${SCENE[@]}" "$TOOLS/play" 'a socket inet')
	pid=$!
	until [ "$line" = ready ]; do
		read -r -t 10 line <&"$lines" || break
	done
	try "$TOOLS/sockopts" "$pid"
	kill "$pid"
	exec {lines}<&-
}

probe_set_uid() {
	local program=$PROBED/a-set-uid-program.$BASHPID
	[ "$(id -u)" = 0 ] || { echo "only root can make such a program" && return; }
	cp "$(type -P id)" "$program" && chown 65533:65533 "$program" && chmod 4755 "$program"
	[ "$("$program" -u)" = 65533 ] || echo "it has no effect on the file system of $PROBED"
	rm -f "$program"
}
