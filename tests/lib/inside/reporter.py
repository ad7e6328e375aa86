# SPDX-License-Identifier: MIT
"""reporter.py COUNT [CHANGE]: makes so many TCP sockets, after some change in the process, and stays silent on purpose.

Prints what a report of the shim could have changed: signals, descriptors, and what has come to that which the change has
put in the place of standard error.
"""
import os
import pty
import select
import signal
import socket
import sys
import threading

KEPT = []


def put(number):
    os.dup2(number, 2)


def data():
    put(os.open("data", os.O_RDWR | os.O_CREAT | os.O_TRUNC))
    return 2


def reopened():
    os.closerange(2, 3)
    return os.open("data", os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND)


def close_all():
    os.closerange(2, 100)
    return os.open("data", os.O_RDWR | os.O_CREAT | os.O_TRUNC)


def pipe():
    reader, writer = os.pipe()
    put(writer)
    return reader


def counter():
    KEPT.append(os.eventfd(0))
    put(KEPT[0])
    return KEPT[0]


def terminal():
    master, slave = pty.openpty()
    put(slave)
    return master


def pair():
    ours, theirs = socket.socketpair()
    KEPT.extend((ours, theirs))
    put(theirs.fileno())
    return ours.fileno()


def listener():
    KEPT.append(socket.create_server(("127.0.0.1", 0)))
    put(KEPT[0].fileno())
    return KEPT[0].fileno()


def peer():
    server = socket.create_server(("127.0.0.1", 0))
    KEPT.extend((server, socket.create_connection(server.getsockname()), server.accept()[0]))
    put(KEPT[2].fileno())
    return KEPT[1].fileno()


def default():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)


def handled():
    signal.signal(signal.SIGPIPE, lambda *_: print("SIGPIPE"))
    signal.signal(signal.SIGXFSZ, lambda *_: print("SIGXFSZ"))


def blocked():
    default()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGPIPE, signal.SIGXFSZ])


def pending():
    blocked()
    os.kill(os.getpid(), signal.SIGPIPE)
    os.kill(os.getpid(), signal.SIGXFSZ)


def pending_in_thread():
    blocked()
    signal.pthread_kill(threading.get_ident(), signal.SIGPIPE)
    signal.pthread_kill(threading.get_ident(), signal.SIGXFSZ)


def no_descriptor():
    import resource
    limit = len(os.listdir("/proc/self/fd")) - 1
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit + int(sys.argv[1]), 4096))


def came_to(fd):
    if os.path.exists("data"):
        return os.stat("data").st_size
    return select.select([fd], [], [], 0)[0]


def main():
    watched = globals()[sys.argv[2]]() if len(sys.argv) > 2 else None
    sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
    print([each.fileno() for each in sockets])
    if watched is not None:
        print("came:", came_to(watched))
    if "no_descriptor" not in sys.argv:
        print(sorted(os.listdir("/proc/self/fd")))
        with open("/proc/self/status", encoding="ascii") as status:
            print(*(line for line in status if line.startswith(("SigP", "ShdP", "SigB", "SigI", "SigC", "Thr", "Umask"))))


main()
