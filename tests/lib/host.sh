#!/bin/sh
# SPDX-License-Identifier: MIT
# host.sh DIRECTORY BASE TREE [IMAGE]: become the first process of a host whose files are those of BASE, with those of IMAGE
# over them. What is written stays in memory, in DIRECTORY/upper, and BASE is as it was. TREE is there, too. To be run in
# namespaces of its own, by host.bash.
set -eu

directory=$1 base=$2 tree=$3 image=${4:-}

device_files() {
	mount -t tmpfs -o mode=755 dev dev
	for name in null zero full random urandom tty; do
		: >"dev/$name"
		mount --bind "/dev/$name" "dev/$name"
	done
	mkdir dev/pts dev/shm
	mount -t devpts -o newinstance,mode=620,ptmxmode=666 devpts dev/pts
	mount -t tmpfs -o mode=1777 shm dev/shm
	ln -s pts/ptmx dev/ptmx
	ln -s /proc/self/fd dev/fd
}

mount -t tmpfs -o mode=755 host "$directory"
cd "$directory"
mkdir upper work host
mount -t overlay -o "lowerdir=$base,upperdir=upper,workdir=work" host host
cd host
# As if there had never been a kashim here. Other kinds of programs are a test of their own.
rm -rf etc/ld.so.preload etc/kashim*
[ "$base" != / ] || rm -f lib32/libc.so.6 libx32/libc.so.6 lib/i386-linux-gnu/libc.so.6
# Packages that come and go would have manuals indexed, which takes longer than all else.
rm -f var/lib/man-db/auto-update
[ -z "$image" ] || cp -a "$image/." .
mount -t proc proc proc
mount --rbind /sys sys
device_files
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mkdir -p run/lock ".$tree"
mount --bind "$tree" ".$tree"
hostname host
ip link set lo up
exec chroot . sh -c 'echo up; exec sleep 900'
