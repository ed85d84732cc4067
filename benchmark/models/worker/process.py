"""A worker process: started, asked, and named when it is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
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
STOP_SECONDS = 5.0  # to end the call that it is at, when nobody wants the rest any more
LAST_LINES = 3
LAST_BYTES = 4000


Reply = tuple[dict[str, Any], list[NDArray[Any]]]
"""What JSON can say, and arrays."""


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

    def ask(self, request: dict[str, Any]) -> Reply:
        """Send a request and wait for the reply.

        Args:
            request: What JSON can say.

        Raises:
            WorkerLostError: The process died, hung or spoke nonsense; it is gone now. A reply to
                another request is nonsense.
        """
        self._send(request, (), self.interpreter.timeout)
        return self._receive(self.interpreter.timeout)

    def ask_each(
        self,
        request: dict[str, Any],
        arrays: Sequence[NDArray[Any]],
        patience: Sequence[float],
        take: Callable[[Reply], None],
    ) -> None:
        """Send a request that is done with each of several arrays, one after the other.

        So the process does not wait for us between them.

        Args:
            request: What JSON can say.
            arrays: They go with it, all at once.
            patience: How many times the interpreter's timeout each may take.
            take: Called with each reply as soon as it comes. None comes after one that failed.

        Raises:
            WorkerLostError: As of `ask`. Of ``take``, anything: the rest is not done then.
        """
        seconds = [self.interpreter.timeout * times for times in patience]
        self._send(request, arrays, max(seconds))
        for place, longest in enumerate(seconds):
            reply = self._receive(longest)
            last = place == len(seconds) - 1 or "failed" in reply[0]
            try:
                take(reply)
            except Exception:
                if not last:
                    self._stop_answering()
                raise
            except BaseException:
                self._end()
                raise
            if last:
                return

    def _send(
        self, request: dict[str, Any], arrays: Sequence[NDArray[Any]], longest: float
    ) -> None:
        self._asked += 1
        with self._named_if_lost(longest):
            deadline = time.monotonic() + longest
            self._connection.send({**request, "number": self._asked}, arrays, deadline)

    def _receive(self, longest: float) -> Reply:
        with self._named_if_lost(longest):
            reply, arrays = self._connection.receive(time.monotonic() + longest)
            if reply.get("number") != self._asked:
                raise NoMessageError("it answered what was not asked")
            return reply, arrays

    @contextmanager
    def _named_if_lost(self, longest: float) -> Iterator[None]:
        """Say what became of the process."""
        try:
            yield
        except TimeoutError:
            seconds = f"{longest:g} s"
            raise self._lost(f"did not answer within {seconds} and was stopped") from None
        except NoMessageError as error:
            raise self._lost(self._death(str(error)), self._killed()) from None
        except BaseException:  # Ctrl-C, say: what it answers later would answer the next question
            self._end()
            raise

    def _stop_answering(self) -> None:
        """Let it leave out the calls that it has not begun; end it if it cannot soon.

        By then, nothing of them is written to memory where the next audio goes.
        """
        before, self._asked = self._asked, self._asked + 1
        deadline = time.monotonic() + STOP_SECONDS
        try:
            self._connection.send({"do": "nothing", "number": self._asked}, (), deadline)
            while (number := self._connection.receive(deadline)[0].get("number")) == before:
                pass
            if number != self._asked:
                self._end()
        except (TimeoutError, NoMessageError):
            self._end()
        except BaseException:
            self._end()
            raise

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
