# SPDX-License-Identifier: MIT
"""messages.py SEEN... UNSEEN: every text for people in the sources is in one of these files, and in not both.

A text is a string literal in C with a blank in it, or an argument of die or refuse in the scripts behind the command
it, or what they echo; what is filled in divides it into parts.
"""
import glob
import re
import sys


def literals_of_c(source):
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
    source = re.sub(r"_Static_assert.*|#error.*", "", source)
    source = re.sub(r'"\s*\n\s*"', "", source)
    for found in re.finditer(r'"((?:[^"\\\n]|\\.)*)"', source):
        text = found.group(1)
        # Not the options of other programs.
        if " " in text.strip() and re.search("[a-z]{3}", text) and not all(word.startswith("-") for word in text.split()):
            text = text.replace("\\r", "\n").replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
            yield from re.split(r"%[-.0-9]*(?:ll|z|l)?[a-z]|\n", text.replace("%%", "%"))


def literals_of_shell(source):
    for found in re.finditer(r'\b(?:die (?:"?\$?\w+"?)|refuse|echo) "((?:[^"\\]|\\.)*)"', source):
        # In a string, a command in its own quotes ends what is found here.
        parts = re.split(r"\$(?:[\w*]+|\{[^}]*\}|[({].*)", found.group(1).replace('\\"', '"'))
        yield from (part for part in parts if " " in part.strip())


def main():
    seen = ""
    for path in sys.argv[1:-1]:
        with open(path, encoding="utf-8") as file:
            seen += file.read()
    with open(sys.argv[-1], encoding="utf-8") as file:
        unseen = dict(line.rstrip("\n").split("\t") for line in file if not line.startswith("#"))
    parts = set()
    for path in sum((glob.glob(f"{room}/*.c") for room in ("conf/*", "shim", "shim/*", "scripts/*")), []):
        with open(path, encoding="utf-8") as file:
            parts.update(part.strip() for part in literals_of_c(file.read()))
    for path in ("host/kashim-system", "host/kashim-unit", "host/kashim-unit-files", "host/kashim-library"):
        with open(f"scripts/{path}", encoding="utf-8") as file:
            parts.update(part.strip() for part in literals_of_shell(file.read()))
    parts = {part for part in parts if len(part) >= 4}
    if len(parts) < 150:
        sys.exit(f"only {len(parts)} texts were found")
    wrong = [f"not seen: {part}" for part in sorted(parts) if part not in seen and part not in unseen]
    wrong += [f"seen, and said to be unseen: {part}" for part in unseen if part in seen]
    wrong += [f"said to be unseen, and nowhere: {part}" for part in unseen if part not in parts]
    if wrong:
        sys.exit("\n".join(wrong))


main()
