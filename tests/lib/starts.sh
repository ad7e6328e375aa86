#!/bin/sh
# SPDX-License-Identifier: MIT
# starts.sh DIRECTORY [COMMAND...]: start programs of many kinds, and COMMAND, all the time, until there is DIRECTORY/stop.
# DIRECTORY/count says how many it were, DIRECTORY/loaded how many of those that looked had the library, DIRECTORY/failed
# which of them failed, and DIRECTORY/stderr has what they said. All is opened before, and this shell is one process that
# goes on, whatever becomes of those that it starts.
set -u
cd "$1" || exit
shift
exec 2>stderr </dev/null >failed

count=0 loaded=0
start() {
	"$@" >/dev/null || echo "status $?: $*"
	count=$((count + 1))
}

while [ ! -e stop ]; do
	start /bin/true
	start ls -d /
	start env -i /bin/true
	start sh -c '/bin/true; exec /bin/true'
	start grep -q root /etc/passwd
	start setpriv --reuid 65534 --regid 65534 --clear-groups /bin/true
	start setpriv --reuid 65534 --regid 65534 --clear-groups su --help
	# shellcheck disable=SC2016 # perl's
	start perl -MSocket -e 'socket(my $socket, PF_INET, SOCK_STREAM, 0) or exit 1'
	[ $# -eq 0 ] || start "$@"
	count=$((count + 1))
	! grep -q libkashim.so /proc/self/maps || loaded=$((loaded + 1))
	echo "$loaded" >loaded
	echo "$count" >count
done
