# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# For tests with seccomp filters, which build/tests/play puts on itself. Loaded after play.bash.

needs_filters() {
	needs cc seccomp
	"${CC:-cc}" -E -dM -include sys/syscall.h -xc /dev/null |
		sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\1 \2/p' >numbers
}

# The numbers of these system calls, with commas between them. Some machines do not have all.
numbers_of() {
	awk 'NR == FNR { number[$1] = $2; next } $1 in number { printf "%s%s", comma, number[$1]; comma = "," }' \
		numbers <(printf '%s\n' "$@")
}

# The steps of play that put a filter on it: what a refused call gets, then which are refused, or allowed alone.
refuse() {
	echo "z confine $1 $(numbers_of "${@:2}")"
}

allow_alone() {
	echo "z confine $1 !$(numbers_of "${@:2}")"
}

# The system calls of these groups, as systemd knows them. Two may ask at the same time.
members_of() {
	local own=groups.$BASHPID
	if [ ! -e groups ]; then
		systemd-analyze --no-pager syscall-filter >"$own" 2>/dev/null || :
		mv -f "$own" groups
	fi
	awk -v wanted="$*" '
		/^@/ { group = $1 }
		/^ +[@a-z_]/ { members[group] = members[group] " " $1 }
		END {
			for (left = split(wanted, name); left > 0;) {
				next_one = name[left--]
				if (next_one !~ /^@/)
					print next_one
				else if (!(next_one in seen)) {
					seen[next_one]
					count = split(members[next_one], more)
					while (count > 0)
						name[++left] = more[count--]
				}
			}
		}' groups
}

# How a command ends, with all that it prints.
end_of() {
	in_scene timeout -k 1 "$PATIENCE" "$@" </dev/null 2>&1
	echo "status $?"
}

# The same with the shim and without. What comes before "--" is never under the shim.
same_end() {
	local before=() plain wrapped
	while [ "$1" != -- ]; do
		before+=("$1")
		shift
	done
	shift
	plain=$(end_of "${before[@]}" "$@")
	# shellcheck disable=SC2153 # of live.bash
	wrapped=$(end_of "${before[@]}" "${WRAPPED[@]}" "$@")
	COMPARED=$((${COMPARED:-0} + 1))
	[ "$wrapped" = "$plain" ] || fail "${before[*]} -- $*: $plain became $wrapped"
}
