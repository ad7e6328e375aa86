# SPDX-License-Identifier: MIT
"""Variants compared: each is a process that answers with one figure when it is asked, and all are asked in turn.

Figures of one round were taken within milliseconds of each other, so what the machine does meanwhile is in all of them.
What counts is therefore what a variant costs over another one in the same round: the median of these differences, and
their quartiles, which say how much noise there is.
"""
import collections
import os
import random
import statistics
import subprocess
import time

GENERATIONS = 5

Variant = collections.namedtuple("Variant", "name environment command", defaults=({}, ()))


class Worker:
    """A process of a variant, measured nowhere else than on the processor that we are on."""

    def __init__(self, command, environment):
        base = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD" and not key.startswith("KASHIM")}
        self.command = command
        self.process = subprocess.Popen(command, env=base | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"bench: no answer from {' '.join(self.command)}")
        return int(answer)

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def in_turn(variants, seconds, generations=GENERATIONS):
    """The figures of each variant, by name: one a round, in an order by chance.

    Processes are begun anew a few times, for each has its own place in memory, and that makes a difference, too.
    """
    figures = {variant.name: [] for variant in variants}
    for _ in range(generations):
        workers = {variant.name: Worker(list(variant.command), variant.environment) for variant in variants}
        for worker in workers.values():
            worker.ask()
        end = time.monotonic() + seconds / generations
        while time.monotonic() < end:
            for name in random.sample(list(workers), len(workers)):
                figures[name].append(workers[name].ask())
        for worker in workers.values():
            worker.end()
    return figures


def quartiles(values):
    """The median, and the quartiles below and above it."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, low, high


class Table:
    """Rows, all with the same keys. A bar is what the figure named by bar_on may be at most."""

    def __init__(self):
        self.rows = []

    def add(self, what, variant, unit, values, *, scale=1, against=None, base=None):
        values = [value / scale for value in values]
        row = dict.fromkeys(("what", "variant", "unit", "median", "low", "high", "against", "extra", "extra_low",
                             "extra_high", "ratio", "bar_on", "bar", "met"))
        row.update(what=what, variant=variant, unit=unit)
        row["median"], row["low"], row["high"] = quartiles(values)
        if against is not None:
            base = [value / scale for value in base]
            row["against"] = against
            row["extra"], row["extra_low"], row["extra_high"] = quartiles([a - b for a, b in zip(values, base)])
            row["ratio"] = statistics.median(a / b for a, b in zip(values, base)) if all(base) else None
        self.rows.append(row)
        return row

    def add_all(self, what, unit, figures, *, scale=1):
        """A measurement, everything against its first variant. The rows by variant."""
        first = next(iter(figures))
        rows = {first: self.add(what, first, unit, figures[first], scale=scale)}
        for name, values in list(figures.items())[1:]:
            rows[name] = self.add(what, name, unit, values, scale=scale, against=first, base=figures[first])
        return rows


def bar(row, which, limit):
    row.update(bar_on=which, bar=limit, met=row[which] <= limit)


def bar_noise(row, again, least=0):
    """Within noise: at most what none differs from none in half of the rounds, or `least`, where that is below what a clock tells."""
    bar(row, "extra", max(-again["extra_low"], again["extra_high"], least))
