"""Answer requests until there are no more, or the benchmark is gone."""

import contextlib
import ctypes
import os
import signal
import socket
import sys
import threading
import time
import traceback
from os import getpid  # bound here: a module may put another in its place
from typing import Any, List

from .failures import failure
from .inputs import Inputs, compile_anew, watch_readers
from .runner import Runner
from .signals import keep_signals_at_home
from .variables import Variables
from .wire import is_asked, own, receive, send, shared_memory

SET_CHILD_SUBREAPER = 36


def answer_all(descriptors: List[str]) -> None:
    """Answer requests until there are no more.

    Args:
        descriptors: Numbers of file descriptors: the socket and, if there is one, shared memory.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=int(descriptors[0]))
    shared = shared_memory(descriptors[1:])
    keep_signals_at_home()
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    _die_first()
    _keep_orphans()
    inputs = Inputs()
    watch_readers(inputs)
    compile_anew(inputs)
    runner, pid, leave = Runner(shared, inputs, Variables(inputs)), getpid(), os._exit
    while True:
        received = receive(connection, shared)
        if received is None:
            break
        request, given = received
        start, end = request["room"]
        for place, audio in enumerate(given or [None]):
            if place and is_asked(connection):
                break
            if not runner.takes_audio_elsewhere:  # a GPU's is copied anyway
                audio = own(audio, shared)
            reply, arrays = _answer(runner, request, audio)
            if getpid() != pid:  # a fork of the module's came back from the call: one answers
                leave(0)
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(BaseException):
                    stream.flush()
            reply["number"] = request["number"]
            start = send(connection, shared, reply, arrays, (start, end))
            del audio, arrays
            if "failed" in reply:
                break
    leave(0)  # no library's clean-up can hold it up


def _answer(runner: Runner, request: Any, audio: Any) -> Any:
    """A reply and its arrays, whatever the module does."""
    try:
        return runner.answer(request, audio)
    except BaseException as error:  # also SystemExit: the benchmark decides what ends
        with contextlib.suppress(BaseException):  # a module may close or replace sys.stderr
            traceback.print_exc()
        reply = {"failed": failure(error)}
    runner.free()
    return reply, []


def _keep_orphans() -> None:
    """Let processes that lose their parent become children of this one; see prctl(2), Linux.

    So the benchmark finds what the module started, also what was made a daemon, and ends it.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_with(parent: int) -> None:
    """End this process and what it started as soon as the benchmark's is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def _die_first() -> None:
    """Where memory runs out, let Linux end this process before the benchmark's; see proc(5)."""
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("500")
