# SPDX-License-Identifier: MIT
"""faults.py PRELOAD COMMAND...: make each system call that a preloaded library adds to a program fail, in turn.

The calls of the library are those that the program makes with it and not without it, once the loader is done; strace(1)
makes one of them fail with one error, and the program has to print the same and end the same way as without the
library. Prints the cases that differ, then how many there were; exit status 1 when one differs.

close(2) is left out: a close that fails has closed all the same, and strace would not.
"""
import collections
import difflib
import os
import re
import subprocess
import sys
import tempfile

ERRORS = {
    "openat": ["EMFILE", "ENFILE", "EACCES", "ENOENT", "ENOMEM", "EINTR", "ELOOP"],
    "read": ["EIO", "EINTR", "EISDIR"],
    "mmap": ["ENOMEM", "EPERM"],
    "socket": ["EMFILE", "ENFILE", "EPERM", "ENOBUFS"],
    "setsockopt": ["EPERM", "EINVAL", "ENOPROTOOPT", "ENOBUFS"],
    "getsockopt": ["EPERM", "EINVAL", "ENOPROTOOPT"],
    "select": ["EINVAL", "ENOMEM", "EINTR", "EPERM"],
    "poll": ["EINVAL", "ENOMEM", "EINTR", "EPERM"],
    "clone": ["EAGAIN", "ENOMEM", "EPERM", "ENOSYS"],
    "pipe2": ["EMFILE", "ENFILE"],
    "write": ["EPIPE", "EAGAIN", "ENOSPC", "EFBIG"],
}
ANY = ["ENOSYS", "EPERM", "EACCES", "ENOMEM", "EINVAL", "EINTR"]


Call = collections.namedtuple("Call", "name number descriptor")


def run(preload, command, arguments=(), trace="/dev/null"):
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    setting = [f"LD_PRELOAD={preload}"] if preload else []
    line = ["strace", "-o", trace, *arguments, "env", *setting, *command]
    done = subprocess.run(line, env=environment, capture_output=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout, done.stderr


def calls_of(preload, command):
    """Of the program, behind env(1) and the loader: each call with its number among those of its name."""
    with tempfile.NamedTemporaryFile("r") as trace:
        result = run(preload, command, trace=trace.name)
        lines = re.findall(r"^(\w+)\((\d*)", trace.read(), re.M)
    seen = collections.Counter()
    calls = []
    for name, descriptor in lines:
        seen[name] += 1
        calls.append(Call(name, seen[name], descriptor))
    # The loader's last act is to give back /etc/ld.so.cache.
    execs = [at for at, call in enumerate(calls) if call.name == "execve"]
    start = next(at for at in range(execs[1], len(calls)) if calls[at].name == "munmap") + 1
    return calls[start : execs[2]], result


def main():
    preload, command = sys.argv[1], sys.argv[2:]
    plain, expected = calls_of("", command)
    wrapped, result = calls_of(preload, command)
    if result != expected:
        sys.exit(f"it differs without any fault: {expected} {result}")
    sides = [[(call.name, call.descriptor) for call in calls] for calls in (plain, wrapped)]
    matcher = difflib.SequenceMatcher(None, *sides, False)
    added = []
    for tag, _, _, first, end in matcher.get_opcodes():
        if tag in ("insert", "replace"):
            added += wrapped[first:end]
    added = [call for call in added if call.name != "close"]
    cases = differ = 0
    for name, number, _ in added:
        for error in ERRORS.get(name, ANY):
            cases += 1
            result = run(preload, command, ["-e", f"inject={name}:error={error}:when={number}"])
            if result != expected:
                differ += 1
                print(f"{name} number {number}, {error}: {expected} became {result}")
    print(f"{len(added)} calls, {cases} cases, {differ} differ")
    sys.exit(0 if differ == 0 and cases >= 20 else 1)


main()
