#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""first.py DIRECTORY LIMIT COMMAND...: the first process of a world. Runs COMMAND for LIMIT seconds at most, and buries
whoever is left without a parent. Into DIRECTORY/result.json goes how it ended, which processes ended by a signal that tells of
a crash, by the kernel's own accounts, and which are left a little later. All of those end with this process."""
import collections
import ctypes
import json
import os
import signal
import struct
import subprocess
import sys
import time

CRASHES = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP, signal.SIGSYS}
# struct acct_v3 of acct(5): flags and version, exit status, and 16 bytes of the name at the end.
RECORD = struct.Struct("=BBHI40x16s")
assert RECORD.size == 64
PATIENCE = 5


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as comm, \
                open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            if stat.read().rpartition(")")[2].split()[0] != "Z":
                return comm.read().strip()
    except OSError:
        pass
    return None


def bury(wanted=None):
    """Collect those that have ended. The exit status of `wanted` when it is among them."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if pid == 0:
            return None
        if pid == wanted:
            return os.waitstatus_to_exitcode(status)


def crashes(accounts):
    seen = collections.Counter()
    with open(accounts, "rb") as file:
        for record in iter(lambda: file.read(RECORD.size), b""):
            if len(record) == RECORD.size:
                _flags, _version, _terminal, status, name = RECORD.unpack(record)
                if status & 0x7f in CRASHES:
                    name = name.split(b"\0")[0].decode(errors="replace")
                    seen[f"{name}: {signal.Signals(status & 0x7f).name}"] += 1
    return seen


def main():
    directory, limit, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    accounts, libc = f"{directory}/accounts", ctypes.CDLL(None, use_errno=True)
    with open(accounts, "wb"):
        pass
    accounted = libc.acct(accounts.encode()) == 0
    start = time.monotonic()
    child, status = subprocess.Popen(command, start_new_session=True).pid, None
    while status is None and time.monotonic() < start + limit:
        time.sleep(0.02)
        status = bury(child)
    took = time.monotonic() - start
    left, until = [], time.monotonic() + PATIENCE
    while time.monotonic() < until:
        bury()
        left = [name_of(pid) for pid in os.listdir("/proc") if pid.isdigit() and pid != "1"]
        left = [name for name in left if name]
        if not left:
            break
        time.sleep(0.1)
    libc.acct(None)
    with open(f"{directory}/result.json", "w", encoding="utf-8") as result:
        json.dump({"status": "no end" if status is None else status, "took": took, "left": collections.Counter(left),
                   "crashes": crashes(accounts) if accounted else None}, result)


main()
