# SPDX-License-Identifier: MIT
"""What is compared: libraries to be preloaded, policies, and the Debian packages with the same purpose."""
import glob
import os
import pathlib
import subprocess

from measure import Variant

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "build/libkashim.so"

DEFAULTS = "defaults: { idle = 60; interval = 10; count = 6; };\n"


def rules(row):
    return "rules = (\n" + ",\n".join(row(number) for number in range(1000)) + "\n);\n"


POLICIES = {
    "compiled": DEFAULTS,
    "thousand": DEFAULTS + rules(lambda n: f'{{ program = "daemon-{n}"; idle = {n + 1}; }}'),
    "connections": DEFAULTS + rules(lambda n: f'{{ direction = "connect"; remote = "10.{n // 256}.{n % 256}.0/24"; '
                                    f'remote_port = {1000 + n}; idle = 30; }}'),
    "off": 'defaults: { mode = "off"; };\n',
    "old": DEFAULTS,
}

PEERS = {
    "libkeepalive0": ("libkeepalive.so.0", {"KEEPIDLE": "60", "KEEPINTVL": "10", "KEEPCNT": "6"}),
    "libdontdie0": ("libdontdie.so.0", {"DD_TCP_KEEPALIVE_TIME": "60", "DD_TCP_KEEPALIVE_INTVL": "10",
                                        "DD_TCP_KEEPALIVE_PROBES": "6"}),
}


def build(work, name, source, *flags):
    library = work / f"{name}.so"
    command = [os.environ.get("CC", "cc"), "-O2", "-shared", "-fPIC", *flags, "-x", "c", "-", "-o", library]
    subprocess.run(command, input=source, text=True, check=True)
    return {"LD_PRELOAD": str(library)}


def compile_policies(work):
    for name, text in POLICIES.items():
        path = work / f"{name}.conf"
        path.write_text(text)
        subprocess.run([ROOT / "build/kashim", "compile", path], stdout=subprocess.DEVNULL, check=True)
    (work / "old.conf").write_text(DEFAULTS + "# newer than what was compiled\n")


def prepare(work):
    """All variants by a short name; the packages that are not installed are not among them."""
    compile_policies(work)

    def kashim(policy):
        return {"LD_PRELOAD": str(LIBRARY)} | ({"KASHIM_CONF": str(work / f"{policy}.conf")} if policy else {})

    found = {
        "none": Variant("none"),
        "again": Variant("none, once more"),
        "empty": Variant("empty shared object", build(work, "empty", "")),
        "bare": Variant("empty, without start files", build(work, "bare", "", "-nostdlib")),
        "self": Variant("the program itself"),
        "compiled": Variant("kashim, compiled policy", kashim("compiled")),
        "thousand": Variant("kashim, 1,000 rules", kashim("thousand")),
        "connections": Variant("kashim, 1,000 connection rules", kashim("connections")),
        "off": Variant("kashim, mode off", kashim("off")),
        "old": Variant("kashim, newer text: a child compiles it", kashim("old")),
    }
    if os.path.exists("/etc/kashim.conf") or os.path.exists("/etc/kashim.policy"):
        print("left out: kashim without a configuration, for this machine has one")
    else:
        found["default"] = Variant("kashim, no configuration", kashim(None))
    for name, (library, environment) in PEERS.items():
        files = glob.glob(f"/usr/lib/{library}") + glob.glob(f"/usr/lib/*/{library}")
        if files:
            found[name] = Variant(name, environment | {"LD_PRELOAD": files[0]})
        else:
            print(f"left out: {name}, which is not installed")
    return found
