"""Signals of a module reach itself and what it started, and no other process.

The benchmark is this process's parent: a module that ends, or stops, its parent would end the run.
"""

import contextlib
import ctypes
import os
import signal
import struct
import sys
from typing import Any

NO_NEW_PRIVILEGES = 38  # of prctl(2)
CREATE_RULESET, RESTRICT_SELF = 444, 446  # system calls of landlock(7), the same on all machines
SCOPE_SIGNAL = 2  # Linux 6.12
STOPPING = ("SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU")  # nothing would continue this process


def keep_signals_at_home() -> None:
    """Refuse signals to other processes with a sentence, and let Linux refuse those sent unheard.

    To be called before any other thread begins.
    """
    if hasattr(sys, "addaudithook"):  # Python 3.8
        session = os.getsid(0)
        sys.addaudithook(lambda event, arguments: _hear(event, arguments, session))
    with contextlib.suppress(OSError, AttributeError):
        _restrict()


def _hear(event: str, arguments: Any, session: int) -> None:
    if event not in ("os.kill", "os.killpg"):
        return
    target, number = arguments
    to_group = event == "os.killpg" or target <= 0
    name = next((one.name for one in signal.Signals if one == number), str(number))
    if target == os.getpid() or (to_group and abs(target) in (0, os.getpgrp())):
        if name in STOPPING:
            raise PermissionError(f"{event} would stop the module's own process by {name}")
        return
    # -1 is every process; 0 asks whether there is such a process.
    if number and (target == -1 or not _is_own(abs(target), to_group, session)):
        whom = "every process" if target == -1 else f"process {abs(target)}"
        raise PermissionError(
            f"{event} would send {name} to {whom}, which the module did not start"
        )


def _is_own(pid: int, is_group: bool, session: int) -> bool:
    """Whether a process is of our session or descends from it; one that is gone passes."""
    with contextlib.suppress(OSError):
        if is_group and pid == os.getpgid(os.getppid()):  # its leader may be gone
            return False
    try:
        if os.getsid(pid) == session:
            return True
    except OSError:
        return True
    while pid > 1:
        try:
            with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
                pid = next(int(line.split()[1]) for line in file if line.startswith("PPid:"))
        except (OSError, StopIteration):  # no such file on macOS: children there have our session
            return False
        if pid == session:  # the leader's number: this worker's
            return True
    return False


def _restrict() -> None:
    """Let no system call of this process, or of what it starts, send a signal elsewhere."""
    libc = ctypes.CDLL(None, use_errno=True)
    rules = struct.pack("QQQ", 0, 0, SCOPE_SIGNAL)
    ruleset = libc.syscall(CREATE_RULESET, rules, len(rules), 0)
    if ruleset < 0:  # not Linux, an older one, or one without it
        return
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.syscall(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
