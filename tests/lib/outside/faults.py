# SPDX-License-Identifier: MIT
"""faults.py shim|child|slow PRELOAD COMMAND...: make the system calls that a preloaded library adds to a program fail.

One call fails at a time, with each plausible error, and the program has to print the same and end the same way as without
the library. No case may wait for a clock to let it go on, but for those of "slow".

shim   the calls of the library itself: those that the program makes with it and not without it, once the loader is done.
child  all calls of the two children that have the text compiled; and at each of them the child is killed, crashes, is asked
       to end.
slow   the children stop for good at some of their calls; the library's patience ends that.

Prints the cases that differ, then how many there were; exit status 1 when one differs.

close(2) is left out in the program: a close that fails has closed all the same, and here it would not.
"""
import collections
import difflib
import errno
import multiprocessing
import os
import signal
import sys

import ptraced

CLOSE, MUNMAP, EXECVE = 3, 11, 59
ERRORS = {
    0: ("read", "EIO EINTR EISDIR"),
    1: ("write", "EPIPE EAGAIN ENOSPC EFBIG"),
    7: ("poll", "EINVAL ENOMEM EINTR EPERM"),
    9: ("mmap", "ENOMEM EPERM"),
    23: ("select", "EINVAL ENOMEM EINTR EPERM"),
    41: ("socket", "EMFILE ENFILE EPERM ENOBUFS"),
    54: ("setsockopt", "EPERM EINVAL ENOPROTOOPT ENOBUFS"),
    55: ("getsockopt", "EPERM EINVAL ENOPROTOOPT"),
    56: ("clone", "EAGAIN ENOMEM EPERM ENOSYS"),
    257: ("openat", "EMFILE ENFILE EACCES ENOENT ENOMEM EINTR ELOOP"),
    293: ("pipe2", "EMFILE ENFILE"),
}
ANY = "ENOSYS EPERM EACCES ENOMEM EINVAL EINTR"


def errors_of(call):
    return [getattr(errno, name) for name in ERRORS.get(call.number, ("", ANY))[1].split()]


def describe(fault, calls):
    call = calls[fault.process][fault.call - 1]
    what = fault.what if isinstance(fault.what, str) else getattr(fault.what, "name", errno.errorcode.get(fault.what))
    name = ERRORS.get(call.number, (f"call {call.number}",))[0]
    return f"process {fault.process}, number {fault.call}, {name}: {what}"


def after_loader(calls):
    """From where the loader has given back /etc/ld.so.cache, its last act, until the program becomes another one."""
    first = next(at for at, call in enumerate(calls) if call.number == MUNMAP) + 1
    return range(first, next(at for at in range(first, len(calls)) if calls[at].number == EXECVE))


def added_by_shim(plain, wrapped):
    """Addresses differ from run to run, descriptors do not."""
    ranges = [after_loader(calls) for calls in (plain, wrapped)]
    sides = [[(calls[at].number, calls[at].argument & 0xFFFF if calls[at].argument < 0x10000 else None) for at in part]
             for calls, part in zip((plain, wrapped), ranges)]
    for tag, _, _, first, end in difflib.SequenceMatcher(None, *sides, False).get_opcodes():
        if tag in ("insert", "replace"):
            yield from ranges[1][first:end]


def faults_in_shim(plain, wrapped):
    for at in added_by_shim(plain[0], wrapped[0]):
        if wrapped[0][at].number != CLOSE:
            for error in errors_of(wrapped[0][at]):
                yield ptraced.Fault(0, at + 1, error)


def faults_in_child(_, wrapped):
    for process in (1, 2):
        for at, call in enumerate(wrapped[process]):
            for what in (*errors_of(call), signal.SIGKILL, signal.SIGTERM, "crash"):
                yield ptraced.Fault(process, at + 1, what)


def slow_child(_, wrapped):
    for process in (1, 2):
        last = len(wrapped[process])
        for number in sorted({1, 2, last // 3, last * 2 // 3, last}):
            yield ptraced.Fault(process, number, "hold")


# What fails, whether all of it is over without a clock, and how many runs there are at a time.
MODES = {"shim": (faults_in_shim, True, 2), "child": (faults_in_child, True, 2), "slow": (slow_child, False, 16)}


def strike(job):
    preload, command, fault, patient = job
    try:
        return ptraced.run(preload, command, (fault.process,), fault, patient)
    except TimeoutError as error:
        return ptraced.Seen((str(error),), {}, True)


def main():
    mode, preload, *command = sys.argv[1:]
    choose, patient, workers = MODES[mode]
    plain = ptraced.run("", command, (0,))
    wrapped = ptraced.run(preload, command, (0, 1, 2))
    if plain.result != wrapped.result:
        sys.exit(f"it differs without any fault: {plain.result} {wrapped.result}")
    faults = list(choose(plain.calls, wrapped.calls))
    differ = missed = 0
    with multiprocessing.Pool(workers) as pool:
        for fault, seen in zip(faults, pool.imap(strike, [(preload, command, fault, patient) for fault in faults])):
            missed += not seen.struck
            if seen.result != plain.result:
                differ += 1
                print(f"{describe(fault, wrapped.calls)}: {plain.result} became {seen.result}")
    calls = collections.Counter((fault.process, fault.call) for fault in faults)
    print(f"{len(calls)} calls, {len(faults)} cases, {differ} differ, {missed} never came to their call")
    sys.exit(0 if differ == 0 and len(calls) >= 5 and missed * 20 < len(faults) else 1)


if __name__ == "__main__":
    main()
