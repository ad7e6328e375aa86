# SPDX-License-Identifier: MIT
"""What kashim watch costs on a host with many connections: part of bench.py. Runs itself in namespaces of its own, in which
there is nothing else to watch, and prints figures there."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent.parent.parent
ENDS = 100_000
QUIET = 7
ALONE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--net"]


class Sweeps:
    """A kashim watch, by its metrics."""

    def __init__(self, work):
        self.file, conf = work / "watch.prom", work / "watch.conf"
        conf.write_text("defaults: { idle = 30; };\n")
        self.process = subprocess.Popen([HERE / "build/kashim", "watch", "--conf", conf, "--every", "1s", "--metrics", self.file],
                                        stdout=subprocess.DEVNULL)

    def metric(self, name):
        return float(re.search(rf"^{name} (\S+)$", self.file.read_text(), re.M)[1])

    def until(self, name, least):
        """Wait for a sweep after which a metric has this value; its processor time in ms."""
        deadline = time.monotonic() + 60
        while not self.file.exists() or self.metric(name) < least:
            if time.monotonic() > deadline:
                raise RuntimeError("kashim watch makes no sweeps")
            time.sleep(0.02)
        return self.metric("kashim_sweep_processor_seconds") * 1000


def figures(work):
    with subprocess.Popen([HERE / "build/tests/many_connections", str(ENDS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        if holder.stdout.readline() != b"ready\n":
            return {}
        sweeps = Sweeps(work)
        first = sweeps.until("kashim_sockets_changed_total", ENDS)
        number = sweeps.metric("kashim_sweeps_total")
        quiet = [sweeps.until("kashim_sweeps_total", number + 1 + i) for i in range(QUIET)]
        changed, opened = sweeps.metric("kashim_sockets_changed_total"), time.monotonic()
        holder.stdin.write(b"x")
        holder.stdin.flush()
        found = sweeps.until("kashim_sockets_changed_total", changed + 1)
        waited = (time.monotonic() - opened) * 1000
        memory = re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{sweeps.process.pid}/status").read_text())
        return {"first": [first], "quiet": quiet, "found": [found], "waited": [waited], "memory": [int(memory[1])]}


def measure(table, bar):
    """Rows for bench.py, where root can have such namespaces."""
    if os.getuid() != 0 or subprocess.run([*ALONE, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return
    output = subprocess.run([*ALONE, sys.executable, __file__], stdout=subprocess.PIPE, check=True).stdout
    found = json.loads(output)
    if not found:
        return
    what = f"kashim watch, {ENDS:,} ends of connections"
    table.add(f"{what}: processor time", "first sweep, all are new", "ms", found["first"])
    bar(table.add(f"{what}: processor time", "sweep with nothing new", "ms", found["quiet"]), "median", 150)
    table.add(f"{what}: processor time", "sweep that finds a new one", "ms", found["found"])
    table.add(f"{what}: from open to protected", "every 1s", "ms", found["waited"])
    bar(table.add(f"{what}: memory", "at its most", "KiB", found["memory"]), "median", 64 * 1024)


def main():
    """In the namespaces."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory() as work:
        print(json.dumps(figures(pathlib.Path(work))), flush=True)
    os._exit(0)  # what still runs ends with the namespace


if __name__ == "__main__":
    main()
