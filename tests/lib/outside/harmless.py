# SPDX-License-Identifier: MIT
"""harmless.py [OPTION...] PRELOAD COMMAND...: a program, with a library and without.

With the library the command has to print the same and end the same way, and it and its children make so many system calls
more at most. Calls are counted in a run of their own, by ptrace(2); where that is not allowed, they are not, and it is said.

--calls COUNT                  so many more; 0 for a run that is not counted
--times COUNT                  so many runs, none of which is counted
--each VARIABLE                with each value that standard input has for it, separated by NULs
--limit NAME FIRST LAST STEP   runs under each value of a resource limit, as resource(3) names it, under which the command
                               works by itself
--damage FILE STEP             a run for each byte of the file that is changed, and for each length that it is cut to, or for
                               one in so many
--no-fork                      where a seccomp filter refuses new processes
--root DIRECTORY               in this chroot
--loader FILE                  have the library loaded by this loader's option in place of the variable

The loader may have no room for the library and say so, status 0, or none for libc because of it: that is the lot of every
library. But it has to end near the limit under which the command does not work by itself.

Prints how many runs there were, how many calls more, and how far the loader's word reached; exit status 1, and why, when
there is a difference, or when a run does not end.
"""
import argparse
import ctypes
import os
import re
import resource
import struct
import subprocess
import sys

import counted

# Seconds after which a run hangs.
LONGEST = 60
# Of a program that reads a compiled policy, and of a child that makes one.
CALLS = 150
# Bytes of address space or of data: the library's, where the loader cannot load both it and libc.
LOADERS_ROOM = 512 * 1024
LOADERS_WORD = re.compile(rb"cannot be preloaded|error while loading shared libraries|cannot allocate TLS data structures")


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--times", type=int)
    parser.add_argument("--each")
    parser.add_argument("--limit", nargs=4)
    parser.add_argument("--damage", nargs=2)
    parser.add_argument("--no-fork", action="store_true")
    parser.add_argument("--root")
    parser.add_argument("--loader")
    parser.add_argument("preload")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()


def refuse_fork():
    """seccomp(2): EPERM for clone, fork, vfork and clone3 of x86-64, or of what others number like it."""
    load, jump_if_equal, give = 0x20, 0x15, 0x06
    numbers = [56, 57, 58, 435] if os.uname().machine == "x86_64" else [220, 435]
    rows = [(load, 0, 0, 0)]
    rows += [(jump_if_equal, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    rows += [(give, 0, 0, 0x7FFF0000), (give, 0, 0, 0x00050001)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in rows))
    filter_of = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(rows), ctypes.addressof(program)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, filter_of, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")


def confine(arguments, limit):
    """In the child, before it becomes the command."""
    if limit:
        resource.setrlimit(*limit)
    if arguments.no_fork:
        refuse_fork()
    if arguments.root:
        os.chroot(arguments.root)
        os.chdir("/")


def command_of(arguments, preload):
    if preload and arguments.loader:
        return [arguments.loader, "--preload", preload, *arguments.command]
    return arguments.command


def run(arguments, preload, limit=None):
    """What a run prints, and how it ends."""
    environment = {key: value for key, value in os.environb.items() if key != b"LD_PRELOAD"}
    if preload and not arguments.loader:
        environment[b"LD_PRELOAD"] = os.fsencode(preload)
    before = (lambda: confine(arguments, limit)) if limit or arguments.no_fork or arguments.root else None
    try:
        done = subprocess.run(command_of(arguments, preload), env=environment, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=LONGEST, preexec_fn=before, check=False)
    except subprocess.TimeoutExpired:
        return "it hangs"
    return done.returncode, done.stdout, done.stderr


def differ(expected, result, where):
    sys.exit(f"{where}: {expected} became {result}")


def count_calls(arguments, preload):
    """The system calls of the command and all its children, or None where they cannot be counted."""
    with open("/dev/null", "wb") as nowhere:
        os.environ.pop("LD_PRELOAD", None)
        return counted.count("" if arguments.loader else preload, command_of(arguments, preload), nowhere.fileno(), LONGEST,
                             lambda: confine(arguments, None))


def compare(arguments, where=""):
    """One run each, or as many as were asked for; then the calls."""
    expected = run(arguments, "")
    for _ in range(arguments.times or 1):
        result = run(arguments, arguments.preload)
        if result != expected:
            differ(expected, result, where)
    if arguments.times or not arguments.calls:
        return "not counted"
    plain, wrapped = count_calls(arguments, ""), count_calls(arguments, arguments.preload)
    if plain is None or wrapped is None:
        return "not counted: ptrace(2) is not allowed"
    # In how many pieces a pipe is read is a matter of chance.
    for _ in range(2):
        if wrapped - plain > arguments.calls:
            wrapped = min(wrapped, count_calls(arguments, arguments.preload))
    if wrapped - plain > arguments.calls:
        sys.exit(f"{where}: {wrapped} calls, and {plain} without")
    return f"{wrapped - plain} calls more"


def compare_each(arguments):
    values = sys.stdin.buffer.read().split(b"\0")[:-1]
    most = {}
    for value in values:
        os.environb[os.fsencode(arguments.each)] = value
        said = compare(arguments, f"{arguments.each}={value[:60]}")
        most[said] = most.get(said, 0) + 1
    return f"{len(values)} values of {arguments.each}: {', '.join(sorted(most))}"


def sweep(arguments):
    name, first, last, step = arguments.limit
    which = getattr(resource, "RLIMIT_" + name.upper())
    count = 0
    works_from = loads_from = None
    for value in range(int(first), int(last), int(step)):
        limit = (which, (value, value))
        expected = run(arguments, "", limit)
        if expected[0] != 0 or expected[2]:
            continue
        works_from = value if works_from is None else works_from
        result = run(arguments, arguments.preload, limit)
        count += 1
        if result == expected:
            loads_from = value if loads_from is None else loads_from
        elif not LOADERS_WORD.search(result[2]) or value - works_from > LOADERS_ROOM:
            differ(expected, result, f"RLIMIT_{name.upper()} {value}")
    if loads_from is None:
        sys.exit(f"control: it was never loaded in {count} runs")
    return f"RLIMIT_{name.upper()}: {count} runs, the loader's word up to {loads_from - works_from} above the least"


def damage(arguments):
    """In place, since each file is read by one process alone."""
    name, step = arguments.damage[0], int(arguments.damage[1])
    with open(name, "rb") as file:
        good = file.read()
    damages = [(f"byte {at}", good[:at] + bytes([good[at] ^ change]) + good[at + 1:])
               for at in range(0, len(good), step) for change in (0x01, 0xFF)]
    damages += [(f"cut to {size}", good[:size]) for size in range(0, len(good), step)]
    expected = run(arguments, "")
    for what, content in damages:
        with open(name, "wb") as file:
            file.write(content)
        result = run(arguments, arguments.preload)
        if result != expected:
            differ(expected, result, what)
    return f"{len(damages)} runs"


def main():
    arguments = read_arguments()
    if arguments.limit:
        print(sweep(arguments))
    elif arguments.damage:
        print(damage(arguments))
    elif arguments.each:
        print(compare_each(arguments))
    else:
        print(compare(arguments))


main()
