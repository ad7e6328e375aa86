# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# A network of three hosts, each a network namespace: client, router, server. Nothing outside of them is touched.
#
#     client 10.77.1.2, fd77:1::2 --- 10.77.1.1 router 10.77.2.1 --- 10.77.2.2, fd77:2::2 server
#
# To be read by a shell with `.`: network_open, then in_client, in_router and in_server run a command over there.
# Whoever opens a network closes it, also after a failure.
# NETWORK names it; a shell with several networks sets it to another name for each of them. Root uses `ip netns`;
# others do the same in a user namespace of their own, which has to last as long as the network.

NETWORK=kashim-$$
NETWORK_HOLDER=${NETWORK_HOLDER:-}
CLIENT_IPV4=10.77.1.2 CLIENT_IPV6=fd77:1::2
SERVER_IPV4=10.77.2.2 SERVER_IPV6=fd77:2::2
export NETWORK NETWORK_HOLDER CLIENT_IPV4 CLIENT_IPV6 SERVER_IPV4 SERVER_IPV6

# Build it; fails when this machine does not allow it or lacks a command, and says why.
network_open() {
	for network_command in ip nsenter unshare; do
		PATH=$PATH:/usr/sbin:/sbin command -v "$network_command" >/dev/null || {
			echo "$network_command is not installed"
			return 1
		}
	done
	network_hold || return
	if network_host client && network_host router && network_host server && network_join client 1 &&
		network_join server 2 && network_forward; then
		return 0
	fi
	network_close
	echo "cannot make network namespaces"
	return 1
}

# Remove it, with whatever was made of it. Programs that still run in it go on without a network.
network_close() {
	for network_of in client router server; do
		network_ip netns del "$NETWORK-$network_of" 2>/dev/null || :
	done
}

# The user namespace of somebody who is not root, with a /run of its own for the names; one for all networks.
network_hold() {
	[ "$(id -u)" != 0 ] && [ -z "$NETWORK_HOLDER" ] || return 0
	unshare --user --map-root-user --net --mount sh -c 'mount -t tmpfs run /run && mkdir /run/held && exec sleep 900' \
		</dev/null >/dev/null 2>&1 3>&- &
	NETWORK_HOLDER=$!
	network_tries=0
	until network_enter test -d /run/held 2>/dev/null; do
		network_tries=$((network_tries + 1))
		if [ "$network_tries" -gt 100 ] || ! kill -0 "$NETWORK_HOLDER" 2>/dev/null; then
			network_release
			echo "this user cannot make network namespaces"
			return 1
		fi
		sleep 0.05
	done
}

# After the last network.
network_release() {
	[ -z "$NETWORK_HOLDER" ] || kill "$NETWORK_HOLDER" 2>/dev/null || :
	NETWORK_HOLDER=
}

# Become a command in the user namespace.
network_exec() {
	PATH=$PATH:/usr/sbin:/sbin
	[ -n "$NETWORK_HOLDER" ] || exec "$@"
	# shellcheck disable=SC2016
	exec nsenter --user --mount --net --preserve-credentials --target "$NETWORK_HOLDER" \
		sh -c 'cd "$1" && shift && exec "$@"' sh "$PWD" "$@"
}

# Become a command on a host: `network_become client COMMAND &` makes $! that of the command.
network_become() {
	network_host_name=$1
	shift
	network_exec nsenter --net="/run/netns/$NETWORK-$network_host_name" -- "$@"
}

network_enter() (
	network_exec "$@"
)

network_ip() {
	network_enter ip "$@"
}

in_client() (
	network_become client "$@"
)

in_router() (
	network_become router "$@"
)

in_server() (
	network_become server "$@"
)

# ip -6 on a host, where the kernel has IPv6.
network_ipv6() {
	network_of=$1
	shift
	[ ! -e /proc/sys/net/ipv6 ] || network_ip -n "$NETWORK-$network_of" -6 "$@"
}

network_host() {
	network_ip netns add "$NETWORK-$1" 2>/dev/null && network_ip -n "$NETWORK-$1" link set lo up
}

# Host and number of its network. Neighbours are told each other's Ethernet addresses, since an outage must be silent.
network_join() {
	network_ip link add name eth0 netns "$NETWORK-$1" address "02:00:00:77:0$2:02" type veth \
		peer name "to-$1" netns "$NETWORK-router" address "02:00:00:77:0$2:01" &&
		network_end "$1" eth0 "10.77.$2.2/24" "fd77:$2::2/64" "02:00:00:77:0$2:01" "10.77.$2.1" "fd77:$2::1" &&
		network_end router "to-$1" "10.77.$2.1/24" "fd77:$2::1/64" "02:00:00:77:0$2:02" "10.77.$2.2" "fd77:$2::2" &&
		network_ip -n "$NETWORK-$1" route add default via "10.77.$2.1" &&
		network_ipv6 "$1" route add default via "fd77:$2::1"
}

# One end of a cable: host, device, its addresses, then the neighbour's.
network_end() {
	network_ip -n "$NETWORK-$1" addr add "$3" dev "$2" &&
		network_ipv6 "$1" addr add "$4" dev "$2" nodad &&
		network_ip -n "$NETWORK-$1" link set "$2" up &&
		network_ip -n "$NETWORK-$1" neigh replace "$6" lladdr "$5" dev "$2" &&
		network_ipv6 "$1" neigh replace "$7" lladdr "$5" dev "$2"
}

network_forward() {
	in_router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		[ ! -e /proc/sys/net/ipv6 ] || echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
}

# Lines of nftables for the router.
network_rules() {
	in_router nft -f -
}

# The router forgets a connection that was silent for so many seconds, and then drops what belongs to it. Connections
# are made by the client only.
network_firewall() {
	network_rules <<-END &&
		table inet firewall {
			chain forward {
				type filter hook forward priority 0; policy drop
				ct state invalid drop
				ct state established accept
				iifname "to-client" tcp flags & (syn | ack) == syn ct state new accept
			}
		}
	END
		network_forgets "$1"
}

# The same, and the server only ever sees the router's address.
network_nat() {
	network_firewall "$1" && network_rules <<-END
		table inet nat {
			chain postrouting {
				type nat hook postrouting priority 100
				oifname "to-server" masquerade
			}
		}
	END
}

network_forgets() {
	# shellcheck disable=SC2016
	in_router sh -c 'cd /proc/sys/net/netfilter && echo "$1" >nf_conntrack_tcp_timeout_established &&
		echo 0 >nf_conntrack_tcp_loose' sh "$1"
}

# The server loses power and comes back: the same addresses, and no memory of any connection. Programs that ran on it
# are the caller's to end.
network_reboot_server() {
	network_reboot server 2
}

network_reboot_client() {
	network_reboot client 1
}

network_reboot() {
	network_ip -n "$NETWORK-router" link del "to-$1" &&
		network_ip netns del "$NETWORK-$1" && network_host "$1" && network_join "$1" "$2"
}
