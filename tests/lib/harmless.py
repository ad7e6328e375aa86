# SPDX-License-Identifier: MIT
"""harmless.py [--within SECONDS] [--limit NAME FIRST LAST STEP] PRELOAD COMMAND...: a program, with a library and without.

With the library the command has to print the same and end the same way. It may take so many seconds longer (10 ms): the
shortest of a few runs counts, since the machine may be busy. With --limit this holds under each value of a resource limit,
as resource(3) names it, under which the command works by itself; that the loader itself has no room for the library, and
says so, is no harm of the library's.

Prints how many runs there were and the longest delay; exit status 1, and why, when there is a difference.
"""
import argparse
import os
import resource
import subprocess
import sys
import time

TRIES = 20
LONGEST = 60


def read_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--within", type=float, default=0.010)
    parser.add_argument("--limit", nargs=4)
    parser.add_argument("preload")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()


def run(preload, command, limit=None):
    """What a run prints, how it ends, and how long it takes."""
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    if preload:
        environment["LD_PRELOAD"] = preload
    before = (lambda: resource.setrlimit(*limit)) if limit else None
    start = time.monotonic()
    try:
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST,
                              preexec_fn=before, check=False)
    except subprocess.TimeoutExpired:
        return "it hangs", LONGEST
    return (done.returncode, done.stdout, done.stderr), time.monotonic() - start


def is_loaders_word(result):
    status, _, error = result
    return status == 0 and b"cannot be preloaded" in error and error.count(b"\n") == 1


def compare(arguments):
    expected, plain = min((run("", arguments.command) for _ in range(5)), key=lambda seen: seen[1])
    shortest = LONGEST
    for count in range(1, TRIES + 1):
        result, took = run(arguments.preload, arguments.command)
        if result != expected:
            sys.exit(f"{expected} became {result}")
        shortest = min(shortest, took)
        if shortest - plain <= arguments.within:
            return count, shortest - plain
    sys.exit(f"it takes {shortest:.3f} s, and {plain:.3f} s without, in the best of {TRIES}")


def sweep(arguments):
    name, first, last, step = arguments.limit
    which = getattr(resource, "RLIMIT_" + name.upper())
    count = loaded = 0
    for value in range(int(first), int(last), int(step)):
        limit = (which, (value, value))
        expected, _ = run("", arguments.command, limit)
        if expected[0] != 0 or expected[2]:
            continue
        result, _ = run(arguments.preload, arguments.command, limit)
        count += 1
        if result == expected:
            loaded += 1
        elif not is_loaders_word(result):
            sys.exit(f"RLIMIT_{name.upper()} {value}: {expected} became {result}")
    if loaded == 0:
        sys.exit(f"control: it was never loaded in {count} runs")
    return count, 0


def main():
    arguments = read_arguments()
    count, delay = (sweep if arguments.limit else compare)(arguments)
    print(f"{count} runs, {delay * 1000:.1f} ms")


main()
