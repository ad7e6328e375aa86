# SPDX-License-Identifier: MIT
"""landlock.py PORT PATH... -- COMMAND...: run a command that may read below these paths alone, and use no other TCP port.

See landlock(7). Python has no names for this, so the numbers are the kernel's.
"""
import ctypes
import os
import struct
import sys

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
NO_NEW_PRIVS = 38
READ_FILE = 1 << 2
BIND_AND_CONNECT = 3
BENEATH, PORT = 1, 2


def main():
    libc = ctypes.CDLL(None, use_errno=True)

    def call(number, *arguments):
        result = libc.syscall(number, *arguments)
        if result == -1:
            sys.exit(f"landlock.py: {os.strerror(ctypes.get_errno())}")
        return result

    end = sys.argv.index("--")
    rules = call(CREATE_RULESET, struct.pack("QQ", READ_FILE, BIND_AND_CONNECT), ctypes.c_size_t(16), 0)
    call(ADD_RULE, rules, PORT, struct.pack("QQ", BIND_AND_CONNECT, int(sys.argv[1])), 0)
    for path in sys.argv[2:end]:
        call(ADD_RULE, rules, BENEATH, struct.pack("=Qi", READ_FILE, os.open(path, os.O_PATH)), 0)
    libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
    call(RESTRICT_SELF, rules, 0)
    os.execvp(sys.argv[end + 1], sys.argv[end + 1:])


main()
