# SPDX-License-Identifier: MIT
"""table.py FILE.json: what bench.py wrote, as a table for people; with --markdown the rows that have a bar, for README.md beside it."""
import itertools
import json
import sys

HEADINGS = ("", "median", "quartiles", "extra", "quartiles", "ratio", "bar")


def number(value):
    """Three digits that count, or all that are before the point."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def span(row, low, high):
    return f"{number(row[low])} .. {number(row[high])}" if row[low] not in (None, row[high]) else ""


def ratio(row):
    return "" if row["ratio"] is None else f"{row['ratio']:.3f}"


def bar(row):
    """The limit, and whether it was kept."""
    if row["bar_on"] is None:
        return ""
    return f"{row['bar_on']} at most {number(row['bar'])}: {'met' if row['met'] else 'NOT MET'}"


def print_table(rows):
    for what, group in itertools.groupby(rows, key=lambda row: row["what"]):
        group = list(group)
        others = sorted({row["against"] for row in group if row["against"]})
        beside = f"; extra and ratio: to {others[0]}" if others else ""
        print(f"\n{what}, {group[0]['unit']}{beside}")
        print("  {:<40} {:>9} {:>19} {:>9} {:>19} {:>6}  {}".format(*HEADINGS).rstrip())
        for row in group:
            cells = (row["variant"], number(row["median"]), span(row, "low", "high"), number(row["extra"]),
                     span(row, "extra_low", "extra_high"), ratio(row), bar(row))
            print("  {:<40} {:>9} {:>19} {:>9} {:>19} {:>6}  {}".format(*cells).rstrip())


def print_markdown(rows):
    print("| what | figure | compared with | extra, quartiles | bar |\n|---|---|---|---|---|")
    for row in rows:
        if row["bar_on"] is None or row["unit"] == "calls":
            continue
        variant = row["variant"].removeprefix("kashim, ").removesuffix("compiled policy").removeprefix("kashim")
        what = f"{row['what']}: {variant}" if variant else row["what"]
        extra = "" if row["extra"] is None else f"{number(row['extra'])} ({span(row, 'extra_low', 'extra_high')})"
        cells = (what, f"{number(row['median'])} {row['unit']}", row["against"] or "", extra,
                 bar(row).replace("NOT MET", "**not met**"))
        print("| " + " | ".join(cells) + " |")


def main():
    with open(sys.argv[-1], encoding="utf-8") as file:
        rows = json.load(file)
    (print_markdown if "--markdown" in sys.argv[1:-1] else print_table)(rows)


main()
