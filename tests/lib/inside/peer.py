# SPDX-License-Identifier: MIT
"""A program that sits in read(2) on TCP connections, and tells what happens to them.

    peer.py accept ADDRESS PORT [SECONDS]       closes what was silent for so long
    peer.py connect ADDRESS PORT [NUMBER]

SIGUSR1 makes it send "ping" on each connection. A ping is answered by "pong". Lines on its standard output:

    listening
    open
    got ping
    ended ETIMEDOUT 5.02      (or EOF; seconds since it sent anything, or since the kernel received anything)

It knows nothing of keepalive.
"""

import errno
import os
import signal
import socket
import struct
import sys
import threading
import time

# Where struct tcp_info has the milliseconds since data and since an acknowledgement came.
LAST_DATA_RECV, LAST_ACK_RECV = 52, 56

threading.stack_size(256 * 1024)
connections = []
patience = None


def tell(*words):
    os.write(1, (" ".join(words) + "\n").encode())


class Connection(threading.Thread):
    def __init__(self, sock):
        super().__init__()
        self.sock = sock
        self.sent = 0
        connections.append(self)
        tell("open")

    def send(self, word):
        try:
            self.sock.send(word.encode() + b"\n")
            self.sent = time.monotonic()
        except OSError as error:
            tell("unsent", errno.errorcode[error.errno])

    def silence(self):
        """In seconds. The kernel knows when something came, also when this thread woke late."""
        info = self.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
        received = min(struct.unpack_from("II", info, LAST_DATA_RECV)) / 1000
        return min(received, time.monotonic() - self.sent)

    def run(self):
        end = "EOF"
        self.sock.settimeout(patience)
        try:
            while True:
                data = self.sock.recv(1000)
                if not data:
                    break
                for word in data.decode().split():
                    tell("got", word)
                    if word == "ping":
                        self.send("pong")
        except OSError as error:
            # Python's own has no number; the kernel's ETIMEDOUT is of the same class.
            end = "impatience" if error.errno is None else errno.errorcode[error.errno]
        tell("ended", end, "%.2f" % self.silence())
        connections.remove(self)
        self.sock.close()


def ping(*_):
    for connection in list(connections):
        connection.send("ping")


def main(role, address, port, number="1"):
    global patience
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    signal.signal(signal.SIGUSR1, ping)
    if role == "connect":
        for _ in range(int(number)):
            sock = socket.socket(family, socket.SOCK_STREAM)
            sock.connect((address, int(port)))
            Connection(sock).start()
        for connection in list(connections):
            connection.join()
        return
    if number != "1":
        patience = float(number)
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, int(port)))
    listener.listen(1000)
    tell("listening")
    while True:
        Connection(listener.accept()[0]).start()


main(*sys.argv[1:])
