# SPDX-License-Identifier: MIT
"""Data that are on their way, in one program a side.

    flight.py hole ADDRESS PORT [nonblock]      connects, and tells how that ended, and after how long
    flight.py fill ADDRESS PORT [close]         connects, writes until nothing more fits, and stays; or closes and ends
    flight.py drain ADDRESS PORT                takes one connection, reads nothing until SIGUSR1, then all there is

Lines on standard output: "listening", "open", "sent BYTES", "got BYTES", "ended ERROR SECONDS", "ended EOF".
"""

import errno
import os
import select
import signal
import socket
import sys
import time


def tell(*words):
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def hole(address, port, wait="block"):
    sock = socket.socket(family(address))
    sock.setblocking(wait == "block")
    tell("begins")
    begin = time.monotonic()
    error = sock.connect_ex((address, int(port)))
    if error == errno.EINPROGRESS:
        select.select([], [sock], [])
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    tell("ended", errno.errorcode[error], "%.2f" % (time.monotonic() - begin))


def fill(address, port, then="stay"):
    sock = socket.create_connection((address, int(port)))
    sock.setblocking(False)
    sent = 0
    quiet = 0
    tell("open")
    while quiet < 10:
        try:
            sent += sock.send(bytes(65536))
            quiet = 0
        except BlockingIOError:
            quiet += 1
            time.sleep(0.03)
    tell("sent", sent)
    if then == "close":
        sock.close()
        return
    signal.pause()


def drain(address, port):
    listener = socket.socket(family(address))
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, int(port)))
    listener.listen()
    tell("listening")
    sock = listener.accept()[0]
    signal.sigwait([signal.SIGUSR1])
    # What is there, and what comes while the window opens; the sender may stay silent for good then.
    sock.settimeout(3)
    got = 0
    end = "silence"
    try:
        while True:
            data = sock.recv(1 << 20)
            if not data:
                end = "EOF"
                break
            got += len(data)
    except TimeoutError:
        pass
    except OSError as error:
        end = errno.errorcode[error.errno]
    tell("got", got)
    tell("ended", end)


globals()[sys.argv[1]](*sys.argv[2:])
