# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests of packages. Loaded after host.bash. Those of two versions are made once for all tests.

PACKAGES=$ROOT/build/tests/packages

# The packages as they are, in $PACKAGES/1/deb; and in $PACKAGES/2/deb those of a later version, made for the tests alone,
# which compiles policies of another form.
needs_packages() {
	needs dpkg-buildpackage dh
	have_packages 1 deb
	have_packages 2 deb
}

# The same as RPM packages, with the library where this host's loader looks for it, in $PACKAGES/1/rpm and so on.
needs_rpms() {
	local version
	needs rpmbuild rpm dpkg-architecture
	for version; do
		have_packages "$version" rpm
	done
}

# The library for 32-bit programs, in $PACKAGES/1/i386.
needs_other_architecture() {
	needs dpkg-buildpackage dh
	[ "$(dpkg --print-architecture)" = amd64 ] || skip "of amd64 alone it is known that there are 32-bit programs"
	printf 'int main(void) { return 0; }\n' | compiler -m32 -x c -o program32 -
	have_packages 1 deb i386
}

# Version, deb or rpm, another architecture. Made once, and again when the sources are newer.
have_packages() {
	local packages=$PACKAGES/$1/${3:-$2}
	mkdir -p "$PACKAGES"
	(
		flock 9
		[ ! -d "$packages" ] || [ -n "$(find "$ROOT"/{conf,shim,scripts,Makefile} -type f -newer "$packages")" ] || exit 0
		rm -rf "$packages" "$packages.new"
		mkdir -p "$packages.new"
		if [ "$1 $2" = '2 deb' ]; then
			make_later_packages
		else
			make_packages "$@"
		fi >"$PACKAGES/log" 2>&1 || exit
		mv "$packages.new" "$packages"
	) 9>"$PACKAGES/lock" || fail "$(tail -n 30 "$PACKAGES/log")"
}

copy_sources() {
	rm -rf "$PACKAGES/tree"
	mkdir "$PACKAGES/tree"
	cp -R "$ROOT"/{conf,shim,scripts,tests,Makefile,README.md} "$PACKAGES/tree"
	[ "$1" != 2 ] || sed -i 's/\(COMPILED_VERSION = \)[0-9]*/\177/' "$PACKAGES/tree/conf/policy/compiled.h"
}

make_packages() {
	copy_sources "$1"
	printf '%%optflags -O0\n%%_libdir /usr/lib/%s\n' "$(dpkg-architecture -q DEB_HOST_MULTIARCH)" >"$PACKAGES/tree/.rpmmacros"
	HOME=$PACKAGES/tree DEB_BUILD_OPTIONS=noautodbgsym "$PACKAGES/tree/scripts/package/make-package" "$2" "0.1.$1" ${3:+"$3"} || return
	find "$PACKAGES/tree/build/$2" -name "*kashim*.$2" -exec mv {} "$packages.new" \;
}

# The earlier ones with other programs in them, which takes half the time of building all of it.
make_later_packages() {
	local package installed=$PACKAGES/tree/installed deb=$PACKAGES/tree/deb
	copy_sources 2
	env -u MAKEFLAGS -u MAKELEVEL make -j2 -C "$PACKAGES/tree" CFLAGS=-O0 VERSION=0.1.2 PREFIX=/usr DESTDIR="$installed" \
		install-library install-command || return
	for package in "$PACKAGES"/1/deb/*; do
		rm -rf "$deb"
		dpkg-deb -R "$package" "$deb"
		(cd "$installed" && find usr -type f -exec test -e "$deb/{}" \; -exec cp {} "$deb/{}" \;)
		sed -i 's/0\.1\.1/0.1.2/' "$deb/DEBIAN/control"
		rm "$deb/DEBIAN/md5sums"
		dpkg-deb --root-owner-group -b "$deb" "$packages.new" || return
	done
}

# A fresh Debian of this host's release, as the base of the next hosts. In its /var/cache/apt/archives lies what 32-bit
# programs need.
needs_fresh_debian() {
	HOST_BASE=$ROOT/build/tests/debian/root
	needs_root
	needs debootstrap
	mkdir -p "$HOST_BASE"
	(
		flock 9
		[ ! -e "$HOST_BASE.made" ] || exit 0
		rm -rf "$HOST_BASE"
		# shellcheck source=/dev/null
		debootstrap --variant=minbase --include=libconfig9 "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$HOST_BASE" &&
			chroot "$HOST_BASE" sh -euc 'dpkg --add-architecture i386; apt-get update; apt-get clean
				apt-get install -y --download-only libc6:i386; dpkg --remove-architecture i386' && : >"$HOST_BASE.made"
	) >debootstrap.log 2>&1 9>"$HOST_BASE.lock" || skip "no Debian to be had: $(tail -n 1 debootstrap.log)"
}

# What has been written in the host, without what the package managers and the loader note for themselves.
written_in_host() {
	# shellcheck disable=SC2016 # for that shell
	nsenter --target "$HOST_PID" --mount sh -euc 'cd "$1" && find . -mindepth 1 | sed "s/^\.//" | while read -r path; do
		[ -d ".$path" ] && [ -d "$2/$path" ] || echo "$path"
	done' sh "$PWD/stage/upper" "$HOST_BASE" |
		grep -vE '^/(var/(lib/dpkg|lib/apt|lib/rpm|log|cache)/|root/\.rpmdb|etc/ld\.so\.cache$)' | sort
}

# Programs that start all the time, twice.
start_starts() {
	local number
	STARTS_RUN=()
	for number in 1 2; do
		mkdir "$HOST_ROOT/tmp/starts-$number"
		start_in_host "starts-$number" sh "$ROOT/tests/lib/starts.sh" "/tmp/starts-$number"
		STARTS_RUN+=("${STARTED[-1]}")
	done
}

count_starts() {
	local number count sum=0
	for number in 1 2; do
		read -r count <"$HOST_ROOT/tmp/starts-$number/count" && sum=$((sum + count))
	done 2>/dev/null
	echo "$sum"
}

# As long as it takes until there were so many more of them.
let_start() {
	local goal=$(($(count_starts) + $1))
	PATIENCE=600 wait_for has_started "$goal"
}

has_started() {
	[ "$(count_starts)" -ge "$1" ]
}

# Until the last one has ended.
stop_starts() {
	local number
	for number in 1 2; do
		: >"$HOST_ROOT/tmp/starts-$number/stop"
	done
	wait "${STARTS_RUN[@]}"
}

# They have not failed, and said nothing.
starts_are_well() {
	not grep . "$HOST_ROOT"/tmp/starts-[12]/{failed,stderr} || fail "after $(count_starts) starts: $1"
}

# For every program, and for a service that every Debian has.
enable_in_host() {
	in_host kashim compile
	in_host kashim system enable
	in_host kashim enable apt-daily
	grep -q libkashim "$HOST_ROOT/etc/ld.so.preload"
	grep -qr libkashim "$HOST_ROOT/etc/systemd/system/apt-daily.service.d"
}

# A program that opens a TCP socket and stays, and what its socket has.
timers_in_host() {
	local pid
	rm -f socket.log
	# shellcheck disable=SC2016 # perl's
	start_in_host socket perl -MSocket -e '
		$| = 1; socket(my $socket, PF_INET, SOCK_STREAM, 0) or exit 1; print "ready\n"; sleep 100'
	wait_for grep -qx ready socket.log
	pid=$(family_of "${STARTED[-1]}" | tail -n 1)
	timers_of "$pid"
	end "${STARTED[-1]}"
}

# The version that the compiled policy says it is of.
version_of_policy() {
	od -An -tu4 -j 16 -N 4 "$HOST_ROOT/etc/kashim.policy" | tr -d ' '
}

version_of_sources() {
	sed -n 's/.*COMPILED_VERSION = \([0-9]*\).*/\1/p' "$ROOT/conf/policy/compiled.h"
}

dpkg_in_host() {
	in_host dpkg "$@" >dpkg.log 2>&1 || fail "dpkg $*: $(cat dpkg.log)"
}

# Debian packages through all of their life in a host, with so many programs that start in each part of it.
come_and_go() {
	written_in_host >before
	start_starts
	let_start "$1"

	dpkg_in_host --install "$PACKAGES"/1/deb/*
	[ ! -e "$HOST_ROOT/etc/ld.so.preload" ] || fail "switched on by itself" || return
	cp k.conf "$HOST_ROOT/etc/kashim.conf"
	[ "$(timers_in_host)" = "$UNTOUCHED" ] || fail control || return
	let_start "$1"
	starts_are_well installed

	enable_in_host
	[ "$(timers_in_host)" = "$POLICY" ] || fail "enabled, and not loaded" || return
	let_start "$1"
	starts_are_well enabled

	dpkg_in_host --unpack "$PACKAGES"/2/deb/*
	[ "$(version_of_policy)" = "$(version_of_sources)" ] || fail "policy $(version_of_policy)" || return
	[ "$(timers_in_host)" = "$UNTOUCHED" ] || fail "the policy of another version is used" || return
	let_start "$1"
	starts_are_well 'half upgraded'
	dpkg_in_host --configure --pending
	[ "$(version_of_policy)" = 77 ] || fail "policy $(version_of_policy)" || return
	[ "$(timers_in_host)" = "$POLICY" ] || fail "upgraded, and not in force" || return
	let_start "$1"
	starts_are_well upgraded

	dpkg_in_host --install "$PACKAGES"/1/deb/*
	[ "$(timers_in_host)" = "$POLICY" ] || fail "downgraded, and not in force" || return
	let_start "$1"
	starts_are_well downgraded

	dpkg_in_host --remove kashim libkashim
	[ ! -e "$HOST_ROOT/etc/ld.so.preload" ] || fail "$(cat "$HOST_ROOT/etc/ld.so.preload")" || return
	let_start "$1"
	starts_are_well removed
	# What systemd's helper remembers of a service stays until the purge.
	written_in_host | grep -v '^/var/lib/systemd/deb-systemd-helper' | diff before - | grep '^[<>]' >stays || :
	[ "$(cat stays)" = $'> /etc/kashim.conf\n> /etc/kashim.policy' ] || fail "after remove: $(cat stays)" || return

	dpkg_in_host --purge kashim libkashim
	let_start "$1"
	stop_starts
	starts_are_well purged
	written_in_host | diff before - || fail "after purge" || return
	[ -z "$(find "$HOST_ROOT/var/lib/dpkg/" -name '*kashim*')" ] || fail "dpkg remembers"
	echo "# $(count_starts) starts" >&3
}
