"""A worker process: started, asked, and named when it is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.models.worker.interpreter import Interpreter
from benchmark.models.worker.messages import (
    Connection,
    NoMessageError,
    WorkerLostError,
    WorkerModuleError,
    shared_memory,
)

WORKER = Path(__file__).with_name("inside") / "__main__.py"
GRACE_SECONDS = 5.0  # to end when told so, or to be found dead after it hung up
LAST_LINES = 3
LAST_BYTES = 4000


class WorkerProcess:
    """``inside`` in an interpreter, in a session of its own: Ctrl-C is ours to handle.

    Args:
        interpreter: Where to run it.
        log: File that takes whatever it prints.
        keep_log: Whether to keep it. Otherwise it goes in the end, unless a message named it; an
            empty one goes anyway.

    Raises:
        WorkerModuleError: It cannot be started.
    """

    def __init__(self, interpreter: Interpreter, log: Path, keep_log: bool = False) -> None:
        if not hasattr(os, "killpg"):
            raise WorkerModuleError(
                "a worker process needs Linux or macOS: on Windows, use WSL, or --in-process"
            )
        self.interpreter = interpreter
        self.log = log
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        shared = shared_memory()
        try:
            handed = [theirs.fileno(), *([shared[0]] if shared else [])]
            process = _start(interpreter, log, handed)
        finally:
            theirs.close()
            if shared:
                os.close(shared[0])
        self._process = process
        memory = shared[1] if shared else None
        self._connection = Connection(ours, lambda: process.poll() is None, memory)
        self._asked = 0
        self._end = weakref.finalize(self, _end, process, ours, log)
        self._keep_log = keep_log

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._end.alive and self._process.poll() is None

    def ask(
        self, request: dict[str, Any], arrays: Sequence[NDArray[Any]] = (), patience: float = 1.0
    ) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """Send a request and wait for the reply.

        Args:
            request: What JSON can say.
            arrays: Arrays that go with it.
            patience: How many times the interpreter's timeout it may take.

        Raises:
            WorkerLostError: The process died, hung or spoke nonsense; it is gone now. A reply to
                another request is nonsense.
        """
        self._asked += 1
        longest = self.interpreter.timeout * patience
        deadline = time.monotonic() + longest
        try:
            self._connection.send({**request, "number": self._asked}, arrays, deadline)
            reply, returned = self._connection.receive(deadline)
            if reply.get("number") != self._asked:
                raise NoMessageError("it answered what was not asked")
        except TimeoutError:
            seconds = f"{longest:g} s"
            raise self._lost(f"did not answer within {seconds} and was stopped") from None
        except NoMessageError as error:
            raise self._lost(self._death(str(error)), self._killed()) from None
        except BaseException:  # Ctrl-C, say: what it answers later would answer the next question
            self._end()
            raise
        return reply, returned

    def room(self, samples: int) -> NDArray[np.float32] | None:
        """Memory for the audio of the requests to come; see `Connection.room`."""
        return self._connection.room(samples)

    def close(self) -> None:
        """End it, and its log unless that is to stay."""
        self._end()
        if not self._keep_log:
            self.log.unlink(missing_ok=True)

    def where(self) -> str:
        """The log, and the interpreter if it is not ours, for messages."""
        self._keep_log = True
        place = "" if self.interpreter.ours else f"in {self.interpreter.python}; "
        return f"{place}its traceback is in {self.log}"

    def _death(self, otherwise: str) -> str:
        """How it ended, when it hung up."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        code = self._process.returncode
        if code is None:
            return f"was stopped because {otherwise}"
        if code >= 0:
            return f"ended with exit status {code}"
        with suppress(ValueError):
            return f"was killed by {signal.Signals(-code).name}"
        return f"was killed by signal {-code}"

    def _killed(self) -> bool:
        """Whether it died by what a system short of memory sends."""
        return self._process.returncode == -signal.SIGKILL

    def _lost(self, how: str, out_of_memory: bool = False) -> WorkerLostError:
        self._keep_log = True
        _kill(self._process)  # it is past being told to end
        self._end()
        words = last_lines(self.log)
        last = f"; its last words: {words}" if words else "; it printed nothing"
        name = "its process" if self.interpreter.ours else self.interpreter.python
        text = f"{name} {how}{last} (all in {self.log})"
        return WorkerLostError(text, out_of_memory)


def last_lines(log: Path) -> str:
    """The last lines of a log, as one."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LAST_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    said = [" ".join(line.split()) for line in lines if line.strip()]
    return " | ".join(said[-LAST_LINES:])


def _start(
    interpreter: Interpreter, log: Path, descriptors: Sequence[int]
) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    # Ours would send another interpreter to our libraries.
    left_out = () if interpreter.ours else ("PYTHONHOME",)
    variables = {name: value for name, value in os.environ.items() if name not in left_out}
    try:
        with log.open("ab") as out:
            return subprocess.Popen(
                [interpreter.python, WORKER, *map(str, descriptors)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=variables,
                pass_fds=descriptors,
                start_new_session=True,
            )
    except OSError as error:
        raise WorkerModuleError(f"{interpreter.python} cannot be started: {error}") from error


def _end(process: subprocess.Popen[bytes], connection: socket.socket, log: Path) -> None:
    """End a worker and what it started: it ends by itself when there is nothing more to do."""
    started = _descendants(process.pid)
    connection.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    _kill(process)
    process.wait()
    for pid in started:  # the rest of its group is gone by now
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    with suppress(OSError):
        if not log.stat().st_size:
            log.unlink()


def _descendants(pid: int) -> list[int]:
    """Processes that a process started, daemons included; none where the system does not say."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError, ValueError):
            for child in map(int, children.read_text().split()):
                found += [child, *_descendants(child)]
    return found


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
