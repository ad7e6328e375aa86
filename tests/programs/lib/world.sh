#!/bin/sh
# SPDX-License-Identifier: MIT
# world.sh DIRECTORY TREE IMAGES COMMAND...: become the first process of a world of its own, whose files are this host's with
# those of IMAGES, which are directories with a space between them, and end as COMMAND. What is
# written in it stays in memory; only DIRECTORY and TREE are the real ones, at the same paths, and TREE cannot be written.
# There is a user `somebody`, with a home. To be run in namespaces of its own. The root is really another one: programs that
# are in a chroot(2) may not make user namespaces, and browsers confine themselves with those.
set -eu

directory=$1 tree=$2 images=$3
shift 3

mount -t tmpfs -o mode=755 world /mnt
cd /mnt
mkdir upper work root
mount -t overlay -o "lowerdir=/,upperdir=upper,workdir=work" world root
cd root
# As if there had never been a kashim here.
rm -rf etc/ld.so.preload etc/kashim*
for image in $images; do
	tar -C "$image" -cf - . | tar --keep-directory-symlink --no-same-owner -xf -
done
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t devpts -o newinstance,mode=620,ptmxmode=666 devpts dev/pts
mount --bind dev/pts/ptmx dev/ptmx
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t tmpfs -o mode=755 run run
mount -t tmpfs -o mode=1777 tmp tmp
mkdir -p run/lock ".$tree" ".$directory"
chmod 1777 run/lock
mount --bind "$tree" ".$tree"
mount -o remount,bind,ro ".$tree"
mount --bind "$directory" ".$directory"

echo 'somebody:x:4711:4711:Somebody:/home/somebody:/bin/bash' >>etc/passwd
echo 'somebody:x:4711:' >>etc/group
[ ! -e etc/shadow ] || echo 'somebody:*:19000:0:99999:7:::' >>etc/shadow
echo 'somebody:100000:65536' >etc/subuid
echo 'somebody:100000:65536' >etc/subgid
mkdir -p home/somebody run/user/4711
chmod 700 run/user/4711
chown 4711:4711 home/somebody run/user/4711
printf '127.0.0.1 localhost world world.test\n::1 localhost\n' >etc/hosts
: >etc/resolv.conf
hostname world
ip link set lo up

pivot_root . mnt
umount -l /mnt
cd /
exec "$@"
