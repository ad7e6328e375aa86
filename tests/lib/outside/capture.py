# SPDX-License-Identifier: MIT
"""The TCP segments over IPv4 that pass eth0 from and to a port of the other host: capture.py PORT. A line each:

    out|in SECONDS SEQUENCE ACKNOWLEDGED LENGTH FLAGS

The seconds are of an unspecified clock, the flags a number.
"""

import os
import socket
import struct
import sys
import time

port = int(sys.argv[1])
tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
tap.bind(("eth0", 3))
os.write(1, b"capturing\n")
while True:
    packet, address = tap.recvfrom(65535)
    now = time.monotonic()
    if len(packet) < 40 or address[1] != 0x800 or packet[9] != socket.IPPROTO_TCP:
        continue
    start = (packet[0] & 15) * 4
    source, target, sequence, acknowledged, offset, flags = struct.unpack_from("!HHIIBB", packet, start)
    if port not in (source, target):
        continue
    length = struct.unpack_from("!H", packet, 2)[0] - start - (offset >> 4) * 4
    way = "out" if target == port else "in"
    os.write(1, f"{way} {now:.3f} {sequence} {acknowledged} {length} {flags}\n".encode())
