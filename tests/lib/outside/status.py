# SPDX-License-Identifier: MIT
"""What kashim status --json says, for the tests.

status.py FILE get FD KEY           the value of one socket, as JSON
status.py FILE agree SOCKOPTS-FILE  every socket that build/tests/sockopts sees is there, with the same values
status.py FILE table TABLE-FILE     the table for people says the same
"""
import json
import sys


def one_of(rows, fd):
    found = [row for row in rows if row["fd"] == fd]
    if len(found) != 1:
        sys.exit(f"{len(found)} rows with descriptor {fd}")
    return found[0]


def end_of(row, side):
    address, port = row[side + "_address"], row[side + "_port"]
    if address is None:
        return None
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def plain(address):
    """An endpoint as sockopts writes it, the way kashim does."""
    if address == "-" or address.endswith(":0"):
        return None
    if address.startswith("[::ffff:"):
        return address[8:].replace("]", "")
    return address


def agree(rows, path):
    lines = [dict(word.split("=", 1) for word in line.split()) for line in open(path, encoding="utf-8")]
    if sorted(int(line["fd"]) for line in lines) != sorted(row["fd"] for row in rows):
        sys.exit(f"other sockets: {lines} {rows}")
    for line in lines:
        row = one_of(rows, int(line["fd"]))
        timeout = row["user_timeout"]
        said = {
            "family": row["family"],
            "protocol": row["protocol"],
            "state": row["state"],
            "local": end_of(row, "local"),
            "peer": end_of(row, "remote"),
            "keepalive": str(int(row["keepalive"])),
            "idle": str(row["idle"]),
            "interval": str(row["interval"]),
            "count": str(row["count"]),
            "user_timeout": "?" if timeout is None else str(int(timeout * 1000)),
        }
        for key, value in said.items():
            seen = plain(line[key]) if key in ("local", "peer") else line[key]
            if seen != value:
                sys.exit(f"descriptor {line['fd']}: {key} is {seen}, status says {value}")


def seconds(value):
    return "-" if value is None else f"{value:g}s"


def table(rows, path):
    lines = [line.split(None, 13) for line in open(path, encoding="utf-8")]
    for row, cells in zip(rows, lines[1:], strict=True):
        timeout = "off" if row["user_timeout"] == 0 else seconds(row["user_timeout"])
        expected = [
            str(row["pid"]),
            row["program"],
            end_of(row, "local") or "-",
            end_of(row, "remote") or "-",
            row["state"],
            "on" if row["keepalive"] else "off",
            seconds(row["idle"]),
            seconds(row["interval"]),
            str(row["count"]),
            timeout,
        ]
        note = cells[13].strip() if len(cells) > 13 else ""
        if cells[:10] != expected or note != row["note"]:
            sys.exit(f"the table has {cells}, JSON {expected} {row['note']}")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = json.load(file)
    if sys.argv[2] == "get":
        print(json.dumps(one_of(rows, int(sys.argv[3]))[sys.argv[4]]))
    elif sys.argv[2] == "agree":
        agree(rows, sys.argv[3])
    else:
        table(rows, sys.argv[3])


main()
