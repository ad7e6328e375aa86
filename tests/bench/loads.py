# SPDX-License-Identifier: MIT
"""Whole servers under load, with kashim and without: both are there at once, and are asked in turn."""
import contextlib
import os
import random
import re
import shutil
import socket
import subprocess
import time

from measure import bar_noise

PATIENCE = 10
SECONDS = 18
REQUESTS = 5000
NGINX = """
daemon off; master_process off; pid {home}/pid; error_log {home}/error;
events {{ worker_connections 256; }}
http {{
	access_log off; keepalive_requests 1000000000;
	client_body_temp_path {home}; proxy_temp_path {home}; fastcgi_temp_path {home};
	uwsgi_temp_path {home}; scgi_temp_path {home};
	server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello"; }} }}
}}
"""


def nginx(home, port):
    (home / "conf").write_text(NGINX.format(home=home, port=port))
    return ["nginx", "-c", str(home / "conf"), "-p", str(home), "-e", str(home / "error")]


def redis(home, port):
    return ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", str(home)]


def wrk(port):
    """How many requests in a second."""
    done = subprocess.run(["wrk", "-t", "1", "-c", "16", "-d", "1s", f"http://127.0.0.1:{port}/"], capture_output=True,
                          text=True, timeout=PATIENCE, check=True)
    return int(re.search(r"(\d+) requests in", done.stdout)[1])


def redis_benchmark(port):
    subprocess.run(["redis-benchmark", "-p", str(port), "-t", "get", "-c", "16", "-n", str(REQUESTS), "-q"],
                   stdout=subprocess.DEVNULL, timeout=PATIENCE, check=True)
    return REQUESTS


# What is measured, the server, what asks it, and the programs that this needs.
LOADS = (
    ("nginx under wrk", nginx, wrk, ("nginx", "wrk")),
    ("redis-server under redis-benchmark", redis, redis_benchmark, ("redis-server", "redis-benchmark")),
)


def spent(pid):
    """Processor time of a process in ns, by the clock that clock_getcpuclockid(3) names."""
    return time.clock_gettime_ns(~pid << 3 | 2)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(port):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise SystemExit(f"bench: nobody listens at port {port}")


@contextlib.contextmanager
def server(command, home, environment):
    """Its port and process. It has the first processor, and the clients have the one that we are on."""
    home.mkdir()
    port = free_port()
    with open(home / "output", "w", encoding="utf-8") as output:
        process = subprocess.Popen(command(home, port), env=os.environ | environment, stdin=subprocess.DEVNULL,
                                   stdout=output, stderr=output)
    try:
        os.sched_setaffinity(process.pid, {0})
        wait_for(port)
        yield port, process.pid
    finally:
        process.kill()
        process.wait()


def cost(client, port, pid):
    """Of a request; None when the machine was too busy for any."""
    before = spent(pid)
    requests = client(port)
    return (spent(pid) - before) / requests if requests else None


def measure(table, found, work, pace):
    """Processor time that a server needs for a request."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for what, command, client, programs in LOADS:
        if not all(map(shutil.which, programs)):
            print(f"left out: {what}, not installed")
            continue
        figures = {found[name].name: [] for name in ("none", "again", "compiled")}
        with contextlib.ExitStack() as stack:
            servers = {variant.name: stack.enter_context(server(command, work / f"{programs[0]}-{name}", variant.environment))
                       for name, variant in found.items() if variant.name in figures}
            end = time.monotonic() + SECONDS * pace
            while time.monotonic() < end:
                turn = {name: cost(client, *servers[name]) for name in random.sample(list(servers), len(servers))}
                for name, figure in turn.items() if all(turn.values()) else ():
                    figures[name].append(figure)
        rows = table.add_all(f"a request, {what}", "ns", figures)
        bar_noise(rows[found["compiled"].name], rows[found["again"].name])
