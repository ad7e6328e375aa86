# SPDX-License-Identifier: MIT
"""A program and its children under ptrace(2): what they call, and what happens when one of these calls goes wrong.

A run has no limit of time but LONGEST, after which it hangs. In a run of the `patient`, what would only end by a clock hangs:
the program's poll(2) has no end, and SIGALRM reaches nobody.

For x86-64 alone, since registers are read and written.
"""
import collections
import contextlib
import ctypes
import os
import signal
import struct
import tempfile

TRACEME, POKEUSER, CONT, SYSCALL, SETOPTIONS, GET_SYSCALL_INFO = 0, 6, 7, 24, 0x4200, 0x420E
# System calls marked; forks, vforks, clones and execs told; the traced end with the tracer.
OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x100000
WALL = 0x40000000
ENTRY, EXIT = 1, 2
RAX, RDX, RDI, ORIG_RAX, RIP = 80, 96, 112, 120, 128
# A child that a debugger shall not follow: here it shall.
CLONE, CLONE_UNTRACED = 56, 0x800000
POLL, FOR_EVER = 7, -1
# Seconds: many times what the slowest machine needs.
LONGEST = 120

# Where a fault strikes: process 0 is the program, 1 its first child or grandchild, and so on; and the number of the call.
Fault = collections.namedtuple("Fault", "process call what")
Call = collections.namedtuple("Call", "number argument")
Seen = collections.namedtuple("Seen", "result calls struck")

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
info = ctypes.create_string_buffer(88)


def start(preload, command, output):
    pid = os.fork()
    if pid != 0:
        return pid
    try:
        if preload:
            os.environ["LD_PRELOAD"] = preload
        for descriptor in (1, 2):
            os.dup2(output, descriptor)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.closerange(3, 1024)
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(ignored, signal.SIG_DFL)
        libc.ptrace(TRACEME, 0, None, None)
        os.kill(os.getpid(), signal.SIGSTOP)
        os.execvp(command[0], command)
    finally:
        os._exit(127)


class Run:
    """One run; `watched` are the processes whose calls are looked at."""

    def __init__(self, preload, command, watched, fault, patient):
        self.fault, self.watched, self.patient = fault, watched, patient
        self.order, self.calls, self.held = [], collections.defaultdict(list), []
        self.error = {}
        self.struck = False
        self.status = None
        with tempfile.TemporaryFile() as output:
            self.main = start(preload, command, output.fileno())
            with self.bounded():
                self.follow()
            output.seek(0)
            self.seen = Seen((self.status, output.read()), self.calls, self.struck)

    @contextlib.contextmanager
    def bounded(self):
        def give_up(*_):
            self.kill(self.order)
            raise TimeoutError(f"{self.fault}: still there after {LONGEST} s")

        signal.signal(signal.SIGALRM, give_up)
        signal.alarm(LONGEST)
        yield
        signal.alarm(0)

    @staticmethod
    def kill(pids):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def follow(self):
        """Until the program and all that it left behind have ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, WALL)
            except ChildProcessError:
                return
            if os.WIFSTOPPED(status):
                self.stopped(pid, status >> 8)
            elif pid == self.main:
                self.status = status
                self.kill(self.held)

    def stopped(self, pid, why):
        deliver = 0
        if pid not in self.order:
            self.order.append(pid)
            libc.ptrace(SETOPTIONS, pid, None, OPTIONS)
        elif why == signal.SIGTRAP | 0x80:
            if self.at_call(pid):
                return
        elif why >> 8 == 0 and why != signal.SIGSTOP and not (self.patient and why == signal.SIGALRM):
            deliver = why
        libc.ptrace(SYSCALL, pid, None, deliver)

    def at_call(self, pid):
        """True when the process shall stay where it is."""
        libc.ptrace(GET_SYSCALL_INFO, pid, len(info), ctypes.addressof(info))
        if info.raw[0] == EXIT and pid in self.error:
            libc.ptrace(POKEUSER, pid, RAX, -self.error.pop(pid))
        if info.raw[0] != ENTRY:
            return False
        process = self.order.index(pid)
        call = Call(*struct.unpack_from("QQ", info.raw, 24))
        if call.number == CLONE:
            libc.ptrace(POKEUSER, pid, RDI, call.argument & ~CLONE_UNTRACED)
        if self.patient and process == 0 and call.number == POLL:
            libc.ptrace(POKEUSER, pid, RDX, FOR_EVER)
        if process not in self.watched:
            return False
        self.calls[process].append(call)
        if self.fault and self.fault[:2] == (process, len(self.calls[process])):
            self.struck = True
            return self.strike(pid, self.fault.what)
        return False

    def strike(self, pid, what):
        if what == "hold":
            self.held.append(pid)
            return True
        if what == "crash":
            libc.ptrace(POKEUSER, pid, RIP, 8)
        elif isinstance(what, signal.Signals):
            os.kill(pid, what)
        else:
            libc.ptrace(POKEUSER, pid, ORIG_RAX, -1)
            self.error[pid] = what
        return False


def run(preload, command, watched=(), fault=None, patient=False):
    return Run(preload, command, watched, fault, patient).seen
