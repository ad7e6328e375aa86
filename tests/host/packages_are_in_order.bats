#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The packages have what they should, where it should be, and the distribution's own checkers find nothing wrong with them.

load ../lib/live
load ../lib/host
load ../lib/packages

# Names of the files in a Debian package.
contents() {
	dpkg-deb --fsys-tarfile "$1" | tar -t | sed 's/^\.//' | grep -v '/$' | sort
}

field() {
	dpkg-deb -f "$PACKAGES"/1/deb/"$1"_*.deb "$2"
}

@test "lintian finds no error and no warning in the packages" {
	needs lintian
	needs_packages
	lintian --tag-display-limit 0 --show-overrides "$PACKAGES"/1/deb/*.deb >out 2>err || :
	not grep '^[EW]:' out
	# What it would say, and we have it not say: it does look.
	sed -n 's/^O: \([a-z]*: [a-z-]*\).*/\1/p' out | sort | diff - <(
		echo 'kashim: statically-linked-binary'
		echo 'libkashim: hardening-no-relro'
		echo 'libkashim: shared-library-lacks-version'
	) || fail "$(cat out err)"
}

@test "the distribution's compiler flags leave the library's data on one page" {
	needs readelf
	needs_packages
	dpkg-deb -x "$PACKAGES"/1/deb/libkashim_*.deb unpacked
	data_are_one_page unpacked/usr/lib/*/libkashim.so
}

@test "there are two packages, and the library's is there for each architecture" {
	needs_packages
	[ "$(find "$PACKAGES/1/deb" -type f -printf '%f\n' | sed 's/_.*//' | sort)" = $'kashim\nlibkashim' ] || fail "$(ls "$PACKAGES/1/deb")"
	[ "$(field libkashim Multi-Arch)" = same ]
	[ "$(field kashim Multi-Arch)" = foreign ]
	field kashim Depends | grep -q "libkashim (= $(field kashim Version))"
	[ "$(field libkashim Depends)" = "$(field libkashim Depends | grep -o '^libc6[^,]*$')" ] || fail "$(field libkashim Depends)"
	field kashim Depends | grep -q 'libconfig'
}

@test "everything that make install installs is in a package, in the distribution's places" {
	needs_packages
	contents "$PACKAGES"/1/deb/kashim_*.deb >of-command
	contents "$PACKAGES"/1/deb/libkashim_*.deb >of-library
	grep -qx "/usr/lib/$(dpkg-architecture -q DEB_HOST_MULTIARCH)/libkashim.so" of-library
	for file in bin/kashim sbin/kashim-rescue libexec/kashim/kashim-system \
		share/bash-completion/completions/kashim share/zsh/vendor-completions/_kashim share/man/man1/kashim.1.gz share/man/man1/kashim-measure.1.gz \
		share/man/man5/kashim.conf.5.gz share/man/man8/kashim-rescue.8.gz share/doc/kashim/copyright share/doc/kashim/examples/aws-nlb.conf; do
		grep -qx "/usr/$file" of-command || fail "$file is missing: $(cat of-command)"
	done
	install_image
	(cd "$IMAGE" && find . -type f ! -path ./etc/kashim.policy) |
		sed -e 's/^\.//' -e 's|/usr/local/lib/systemd|/lib/systemd|' -e 's|/usr/local/|/usr/|' -e 's|/site-functions/|/vendor-completions/|' | sort >installed
	[ "$(wc -l <installed)" -ge 20 ] || fail "control: $(cat installed)"
	cat of-command of-library | sed 's/\.gz$//' | sort -u | comm -13 - installed >lacking
	[ ! -s lacking ] || fail "in no package: $(cat lacking)"
}

@test "the packaged configuration is a conffile, and no compiled policy is shipped" {
	needs_packages
	dpkg-deb --ctrl-tarfile "$PACKAGES"/1/deb/kashim_*.deb | tar -xO ./conffiles | grep -qx /etc/kashim.conf
	not grep /etc/kashim.policy <(contents "$PACKAGES"/1/deb/kashim_*.deb)
}

@test "scripts of the packages need sh, dpkg and what is in every Debian" {
	needs_packages
	for package in "$PACKAGES"/1/deb/*.deb; do
		mkdir control
		dpkg-deb --control "$package" control
		for script in control/{preinst,postinst,prerm,postrm}; do
			[ -e "$script" ] || continue
			head -n 1 "$script" | grep -qx '#!/bin/sh'
			not grep -E 'debconf|python|perl|system enable' "$script"
		done
		rm -r control
	done
}

@test "the packaged library is hardened, and needs libc alone" {
	needs_packages
	needs nm
	dpkg-deb -x "$PACKAGES"/1/deb/libkashim_*.deb library
	SHIM=$(echo library/usr/lib/*/libkashim.so)
	[ "$(readelf -d "$SHIM" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')" = libc.so.6 ]
	nm -D --undefined-only "$SHIM" | sed -n 's/^ *U //p' | sed 's/@.*//' | grep -vx '__stack_chk_fail' | sort >packaged
	nm -D --undefined-only "$ROOT/build/libkashim.so" | sed -n 's/^ *U //p' | sed 's/@.*//' | sort | diff packaged -
}

@test "rpmbuild accepts the spec, and its packages have the files of the Debian ones" {
	needs_rpms 1
	for package in kashim libkashim; do
		rpm -qlp "$PACKAGES"/1/rpm/"$package"-0*.rpm 2>/dev/null
	done | sed -e 's/\.gz$//' -e 's|/site-functions/|/vendor-completions/|' -e 's|^/usr/lib/systemd/|/lib/systemd/|' | sort >of-rpm
	cat <(contents "$PACKAGES"/1/deb/kashim_*.deb) <(contents "$PACKAGES"/1/deb/libkashim_*.deb) |
		sed 's/\.gz$//' | grep -vE '/(changelog|copyright)$|/lintian/' | sort >of-deb
	comm -23 of-deb of-rpm >lacking
	[ ! -s lacking ] || fail "not in RPM packages: $(cat lacking)"
	rpm -qcp "$PACKAGES"/1/rpm/kashim-0*.rpm 2>/dev/null | grep -qx /etc/kashim.conf
}
