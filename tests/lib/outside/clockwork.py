# SPDX-License-Identifier: MIT
"""clockwork.py [HOST=NAMESPACE]...: cuts and heals the paths through the router that it runs on, at a given time, and tells
when it was late.

It runs before it is needed, so that nothing has to be started at that time. Orders are lines on standard input; times are
in seconds since the machine started, as /proc/uptime has them:

    FROM UNTIL cut [PORT...]    from now on drop everything, or what belongs to these TCP ports of the server, without a word
    FROM UNTIL heal [PORT...]   no more
    FROM UNTIL down HOST        pull its cable

Each is carried out at FROM, or at once where that is over, and answered when it is done:

    done cut 7000
    missed cut 7000: 0.31 s late      (after UNTIL)

Meanwhile, where the machine lets it sleep longer than it asked for:

    overslept 123.45 0.21              (when, and by how much)
"""
import ctypes
import fcntl
import os
import select
import socket
import struct
import sys
import time

TICK, LATE = 0.05, 0.1
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
CLONE_NEWNET, NETLINK_NETFILTER = 0x40000000, 12
CUT = """table inet cut{0} {{
    chain cut {{
        type filter hook prerouting priority -400
        {1} drop
        {2} drop
    }}
}}"""


def now():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def tell(*words):
    print(*words, flush=True)


class Rules:
    """nftables without a command: what nft(8) itself is made of."""

    def __init__(self):
        self.why_not = None
        # The library ends the program where it gets no such socket.
        try:
            socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER).close()
            self.library = ctypes.CDLL("libnftables.so.1")
        except OSError as error:
            self.why_not = str(error)
            return
        self.library.nft_ctx_new.restype = ctypes.c_void_p
        self.library.nft_ctx_get_error_buffer.restype = ctypes.c_char_p
        self.context = ctypes.c_void_p(self.library.nft_ctx_new(0))
        self.library.nft_ctx_buffer_error(self.context)
        # The first time takes longer. Where it fails, that matters to those scenes alone which have rules.
        self.why_not = self.run_rules("list tables")

    def run_rules(self, rules):
        if self.library.nft_run_cmd_from_buffer(self.context, rules.encode()) != 0:
            return self.library.nft_ctx_get_error_buffer(self.context).decode()
        return None

    def run(self, rules):
        self.why_not = self.why_not or self.run_rules(rules)
        if self.why_not:
            sys.exit(self.why_not)


def sockets_of_hosts(words):
    """A socket belongs to the network namespace in which it was made."""
    libc, sockets = ctypes.CDLL(None), {}
    own = os.open("/proc/self/ns/net", os.O_RDONLY)
    for name, path in (word.split("=", 1) for word in words):
        if libc.setns(os.open(path, os.O_RDONLY), CLONE_NEWNET) != 0:
            sys.exit(f"{path}: it cannot be entered")
        sockets[name] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    libc.setns(own, CLONE_NEWNET)
    return sockets


class Paths:
    def __init__(self, hosts):
        self.sockets = sockets_of_hosts(hosts)
        self.rules = Rules()

    def cut(self, *ports):
        for port in ports or ("",):
            self.rules.run(CUT.format(port, port and f"tcp sport {port}", port and f"tcp dport {port}"))

    def heal(self, *ports):
        for port in ports or ("",):
            self.rules.run(f"delete table inet cut{port}")

    def down(self, host):
        request = struct.pack("16sH14x", b"eth0", 0)
        flags, = struct.unpack_from("H", fcntl.ioctl(self.sockets[host], SIOCGIFFLAGS, request), 16)
        fcntl.ioctl(self.sockets[host], SIOCSIFFLAGS, struct.pack("16sH14x", b"eth0", flags & ~IFF_UP))


def carry_out(paths, order):
    _, until, act, *arguments = order
    getattr(paths, act)(*arguments)
    late = now() - until
    what = " ".join([act, *arguments])
    tell(f"done {what}" if late <= 0 else f"missed {what}: {late:.2f} s late")


def read_order(line):
    begin, until, *rest = line.split()
    return [float(begin), float(until), *rest]


def main():
    paths, orders, rest = Paths(sys.argv[1:]), [], b""
    tell("ready")
    with open(0, "rb", buffering=0) as stdin:
        while True:
            while orders and orders[0][0] <= now():
                carry_out(paths, orders.pop(0))
            wait = min([TICK, *(max(0, order[0] - now()) for order in orders)])
            began = now()
            if select.select([stdin], [], [], wait)[0]:
                *lines, rest = (rest + stdin.read(4096)).split(b"\n")
                orders = sorted(orders + [read_order(line.decode()) for line in lines], key=lambda order: order[0])
            elif now() - began - wait > LATE:
                tell("overslept", f"{now():.2f}", f"{now() - began - wait:.2f}")


main()
