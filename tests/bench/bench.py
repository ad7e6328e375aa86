# SPDX-License-Identifier: MIT
"""bench.py FILE.json: what kashim costs, beside what it is compared with, in two and a half minutes.

PACE=0.2 takes a fifth of the time, for a quick look. The figures of one run can be compared with each other; those of
two machines, or of two runs on a busy one, cannot.
"""
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import loads
import variants
import watching
from measure import Table, bar, bar_noise, in_turn

PACE = float(os.environ.get("PACE", "1"))
TIMES = "100"
CALLS = variants.ROOT / "build/tests/calls"
START = variants.ROOT / "build/tests/start"
BLOCKS = 12
NOTHING = 30  # ns: a call of which the shim wants nothing

# What is called, on what, for how many seconds, and the variants beside the first, with which they are compared.
MEASURED = (
    ("both", "tcp", 9, ("self", "none", "compiled", "connections", "off", "libkeepalive0", "libdontdie0")),
    ("socket", "udp", 3, ("none", "again", "compiled", "libkeepalive0", "libdontdie0")),
    ("socket", "unix", 3, ("none", "again", "compiled", "libkeepalive0", "libdontdie0")),
    ("close", "udp", 3, ("none", "again", "compiled", "libkeepalive0", "libdontdie0")),
    ("close", "unix", 3, ("none", "again", "compiled", "libkeepalive0", "libdontdie0")),
    ("connect", "tcp", 6, ("none", "again", "self", "compiled", "connections")),
    ("connect", "udp", 3, ("none", "again", "compiled")),
    ("connect", "unix", 3, ("none", "again", "compiled")),
    ("accept", "tcp", 5, ("none", "again", "self", "compiled")),
    ("accept", "unix", 3, ("none", "again", "compiled")),
    ("exchange", "tcp", 5, ("none", "again", "self", "compiled")),
)


def named(found, names, command):
    """Variants that are there, each with a command."""
    return [found[name]._replace(command=command(name)) for name in names if name in found]


def measure_start(table, found):
    names = ("none", "again", "empty", "bare", "default", "compiled", "thousand", "connections", "off",
             *variants.PEERS)

    def starting(name, sockets=0):
        return [START, str(sockets), *(f"{key}={value}" for key, value in found[name].environment.items())]

    def compared(names, seconds, sockets=0):
        plain = [found[name]._replace(environment={}, command=starting(name, sockets)) for name in names if name in found]
        return in_turn(plain, seconds * PACE)

    what = "start of /bin/true"
    figures = compared(names, 30)
    rows = table.add_all(what, "us", figures, scale=1000)
    compiled = found["compiled"].name
    peers = [rows[name]["extra"] for name in variants.PEERS if name in rows]
    if peers:
        bar(rows[compiled], "extra", min(peers))
    thousand = found["thousand"].name
    row = table.add(f"{what}, many rules", thousand, "us", figures[thousand], scale=1000, against=compiled,
                    base=figures[compiled])
    bar(row, "extra", 30)
    add_extras(table, figures, [found[name].name for name in names[3:] if name in found], compiled)
    table.add_all(f"{what}, text not compiled", "us", compared(("none", "old"), 4), scale=1000)
    # What a program inherits costs nothing.
    table.add_all(f"{what} with 1,000 sockets", "us", compared(("none", "compiled"), 5, 1000), scale=1000)


def add_extras(table, figures, names, compiled):
    """What the variants cost more than no preload, in terms of what an empty shared object does: of parts of the rounds."""
    def extra(name, block):
        return statistics.median(a - b for a, b in list(zip(figures[name], figures["none"]))[block::BLOCKS])

    for name in names:
        values = [extra(name, block) / extra("empty shared object", block) for block in range(BLOCKS)]
        row = table.add("extra at the start, of an empty object's", name, "times", values)
        if name == compiled:
            bar(row, "median", 1.1)


def measure_calls(table, found):
    for what, kind, seconds, names in MEASURED:
        def command(name, what=what, kind=kind):
            return [CALLS, what, kind, TIMES, *(["self"] if name == "self" else [])]

        title = {"both": "socket() and close()", "exchange": "send(), recv(), sendmsg(), recvmsg()"}.get(what, what + "()")
        title = f"{title}, {'Unix' if kind == 'unix' else kind.upper()}"
        figures = in_turn(named(found, names, command), seconds * PACE)
        rows = table.add_all(title, "ns", figures)
        compiled, itself = found["compiled"].name, found["self"].name
        if names[0] == "self":
            bar(rows[compiled], "ratio", 1.03)
        elif kind != "tcp":
            bar(rows[compiled], "extra", NOTHING)
        else:
            row = table.add(f"{title}, options set", compiled, "ns", figures[compiled], against=itself, base=figures[itself])
            if what == "connect":  # in which an option is set, and the kernel has a timer to start, whoever asked for it
                bar(row, "ratio", 1.03)
            else:
                bar_noise(rows[compiled], rows[found["again"].name], NOTHING)
                bar_noise(row, rows[found["again"].name], NOTHING)
        if what == "connect" and "connections" in names:
            bar(rows[found["connections"].name], "extra", 10000)


def system_calls(command, environment, asked):
    with tempfile.NamedTemporaryFile("r") as trace:
        setting = [word for key, value in environment.items() for word in ("-E", f"{key}={value}")]
        done = subprocess.run(["strace", "-f", "-qq", "-o", trace.name, *setting, *command], input=asked,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return len(trace.readlines()) if done.returncode == 0 else None


def count_system_calls(table, found):
    """Of each call: what 10 more of them add. Of a start: all."""
    def each(name, what, kind):
        own = ["self"] if name == "self" else []
        few, many = (system_calls([CALLS, what, kind, times, *own], found[name].environment, b"\n") for times in ("10", "20"))
        return (many - few) / 10

    if system_calls(["true"], {}, b"") is None:
        print("left out: numbers of system calls, for strace may not trace, or is not installed")
        return
    for what, kind, _, _ in MEASURED:
        if what == "exchange":
            continue
        base = "self" if kind == "tcp" else "none"
        row = table.add("system calls, with the client's socket()", f"kashim, {what}(), {kind}", "calls", [each("compiled", what, kind)],
                        against=found[base].name, base=[each(base, what, kind)])
        bar(row, "extra", 0)
    for name in "empty", "default", "compiled", "thousand", *variants.PEERS:
        if name in found:
            table.add("system calls", f"{found[name].name}, start", "calls",
                      [system_calls(["/bin/true"], found[name].environment, b"")], against="none",
                      base=[system_calls(["/bin/true"], {}, b"")])


def private_dirty(environment):
    """KiB of a sleep that has come to rest."""
    sleep = subprocess.Popen(["/bin/sleep", "60"], env=environment)
    try:
        before = after = None
        while before is None or before != after:
            time.sleep(0.03)
            state = pathlib.Path(f"/proc/{sleep.pid}/stat").read_text().split()
            dirty = re.search(r"Private_Dirty: +(\d+)", pathlib.Path(f"/proc/{sleep.pid}/smaps_rollup").read_text())
            before, after = after, (state[1:3], dirty[1]) if state[1:3] == ["(sleep)", "S"] else None
        return int(after[1])
    finally:
        sleep.kill()
        sleep.wait()


def measure_size(table, found):
    names = [name for name in ("none", "empty", "default", "compiled", "thousand", "connections", *variants.PEERS) if name in found]
    figures = {found[name].name: [private_dirty(found[name].environment) for _ in range(5)] for name in names}
    rows = table.add_all("private dirty memory of a sleep", "KiB", figures)
    bar(rows[found["compiled"].name], "extra", 16)
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run(["strip", "-o", stripped.name, variants.LIBRARY], check=True)
        row = table.add("library file, stripped", "kashim", "KiB", [os.path.getsize(stripped.name)], scale=1024)
        bar(row, "median", 40)


def main():
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    table = Table()
    with tempfile.TemporaryDirectory() as work:
        found = variants.prepare(pathlib.Path(work))
        for part in measure_start, measure_calls, count_system_calls, measure_size:
            part(table, found)
        loads.measure(table, found, pathlib.Path(work), PACE)
        watching.measure(table, bar)
    pathlib.Path(sys.argv[1]).write_text("[\n" + ",\n".join(json.dumps(row) for row in table.rows) + "\n]\n")


main()
