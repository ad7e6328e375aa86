# SPDX-License-Identifier: MIT
"""places.py PLACE COMMAND...: a command whose standard error, or whose system log, is in some state.

Prints what the command prints and how it ends, or that it hangs. What came to the place stands in the file arrived.
The places of the system log, log-..., are in a /dev of their own: run it under unshare --mount.
"""
import fcntl
import os
import pathlib
import pty
import socket
import subprocess
import sys
import termios

PATIENCE = 30


def fill(fd):
    os.set_blocking(fd, False)
    try:
        while True:
            os.write(fd, b"\0")
    except BlockingIOError:
        os.set_blocking(fd, True)


def read_all(fd, between=b""):
    os.set_blocking(fd, False)
    parts = []
    try:
        while not parts or parts[-1]:
            parts.append(os.read(fd, 65536))
    except OSError:
        pass
    return between.join(parts).replace(b"\0", b"").replace(b"\r", b"")


def run(command, error, **options):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=error, **options)
    try:
        output, _ = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "it hangs"
    return f"{output.decode()}exit status {process.returncode}"


def pipe(command, state):
    ends = os.pipe()
    if state == "full":
        fill(ends[1])
    if state == "closed":
        os.close(ends[0])
    result = run(command, ends[1])
    return result, b"" if state == "closed" else read_all(ends[0])


def terminal(command, state):
    master, slave = pty.openpty()
    if state != "background":
        return run(command, slave), b"" if state == "unread" else read_all(master)
    # The leader of its session is in the foreground, the command is not, and so may not write.
    ends = os.pipe()
    leader = os.fork()
    if leader == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        modes = termios.tcgetattr(slave)
        modes[3] |= termios.TOSTOP
        termios.tcsetattr(slave, termios.TCSANOW, modes)
        os.write(ends[1], run(command, slave, preexec_fn=os.setpgrp).encode())
        os._exit(0)
    os.waitpid(leader, 0)
    return read_all(ends[0]).decode(), read_all(master)


def connected(command, _):
    ours, theirs = socket.socketpair()
    return run(command, theirs), read_all(ours.fileno())


def file(command, _):
    with open("file", "w+b") as error:
        result = run(command, error)
        error.seek(0)
        return result, error.read()


def device(command, name):
    with open(f"/dev/{name}", "wb", buffering=0) as error:
        return run(command, error), b""


def closed(command, _):
    return run(command, None, preexec_fn=lambda: os.close(2)), b""


def make_dev():
    """With nothing in it but what every program may want."""
    pathlib.Path("dev").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", "dev"], check=True)
    for name in "null", "zero", "urandom":
        pathlib.Path("dev", name).touch()
        subprocess.run(["mount", "--bind", f"/dev/{name}", f"dev/{name}"], check=True)
    subprocess.run(["mount", "--rbind", "dev", "/dev"], check=True)


def log(command, kind):
    make_dev()
    path = pathlib.Path("/dev/log")
    daemon = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if kind == "stream" else socket.SOCK_DGRAM)
    if kind == "file":
        path.touch()
    elif kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind != "absent":
        daemon.bind(str(path))
    if kind == "stream":
        daemon.listen()
    if kind == "full":
        sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sender.connect(str(path))
        fill(sender.fileno())
    if kind == "gone":
        daemon.close()
    result = run(command, None)
    return result, read_all(daemon.fileno(), b"\n") if kind == "datagram" else b""


def main():
    kind, _, state = sys.argv[1].partition("-")
    places = {"pipe": pipe, "terminal": terminal, "socket": connected, "file": file, "device": device, "closed": closed,
              "log": log}
    result, arrived = places[kind](sys.argv[2:], state)
    pathlib.Path("arrived").write_bytes(arrived)
    print(result)


main()
