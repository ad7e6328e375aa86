# SPDX-License-Identifier: MIT
"""state.py: makes TCP sockets, and prints whatever of the process a library could have changed."""
import ctypes
import locale
import os
import re
import resource
import signal
import socket

STATUS = ("Umask", "Groups", "Threads", "Sig", "Shd", "Cap", "NoNewPrivs", "Seccomp", "Uid", "Gid", "FDSize", "TracerPid")


def read(name):
    with open(f"/proc/self/{name}", encoding="utf-8", errors="replace") as file:
        return file.read()


def print_all():
    libc = ctypes.CDLL(None)
    print(*(line for line in read("status").splitlines() if line.startswith(STATUS) and not line.startswith("SigQ")), sep="\n")
    print(locale.setlocale(locale.LC_ALL), os.getcwd(), os.getpgrp() == os.getpid(), os.getpriority(os.PRIO_PROCESS, 0))
    print({name: resource.getrlimit(getattr(resource, name)) for name in dir(resource) if name.startswith("RLIMIT")})
    print([signal.getsignal(number) for number in signal.valid_signals()])
    print([signal.getitimer(which) for which in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)])
    print(read("timers"), read("task/" + str(os.getpid()) + "/children"), read("limits"), read("oom_score_adj"), sep="\n")
    print("dumpable", libc.prctl(3, 0, 0, 0, 0), "subreaper", read("coredump_filter"))
    print({number: os.readlink(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")
           if number != "1" and os.path.exists(f"/proc/self/fd/{number}") and not os.readlink(f"/proc/self/fd/{number}").startswith("socket")})
    print(sorted(name for name in os.environ if not name.startswith("LC_")), read("comm"), read("cmdline"))
    # What the shim is told stays for children, and what it adds to memory is its own.
    print(sorted(set(re.findall(r" (/.*)", read("maps")))))


def main():
    locale.setlocale(locale.LC_ALL, "C.UTF-8")
    print_all()
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    kept = server.accept(), client
    print_all()
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        print("no children")
    del kept


main()
