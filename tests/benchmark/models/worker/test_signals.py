"""Signals that a module sends reach itself and what it started."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from benchmark.models.hear_module import load_hear_module
from benchmark.models.outputs import HearModuleError
from benchmark.models.worker.inside.signals import _hear
from benchmark.models.worker.interpreter import Interpreter
from tests.benchmark.fake_modules import write_module

AUDIO = torch.ones(2, 1600)
HERE = os.getsid(0)
SLEEP = [sys.executable, "-c", "import time\ntime.sleep(60)"]
OWN = """
import os, signal, subprocess, sys
for new_session in (False, True):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"],
                             start_new_session=new_session)
    child.terminate()
    assert child.wait() == -signal.SIGTERM
os.kill(os.getpid(), 0)
"""
UNHEARD = """
import ctypes, os, subprocess
ctypes.CDLL(None).kill(os.getppid(), 15)
subprocess.run(["sh", "-c", "kill -TERM %d" % os.getppid()])
"""


@pytest.fixture
def sleeper(request: pytest.FixtureRequest) -> Iterator[int]:
    process = subprocess.Popen(SLEEP, start_new_session=request.param)
    yield process.pid
    process.kill()
    process.wait()


@pytest.mark.parametrize("sleeper", [False, True], indirect=True)
@pytest.mark.parametrize("event", ["os.kill", "os.killpg"])
def test_what_the_module_started_may_be_ended(sleeper: int, event: str) -> None:
    # Here the session's leader may be anybody; a worker is its own.
    session = os.getpid() if os.getsid(sleeper) == sleeper else HERE
    target = os.getpgid(sleeper) if event == "os.killpg" else sleeper
    _hear(event, (target, signal.SIGKILL), session)


@pytest.mark.parametrize("sleeper", [True], indirect=True)
@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL, signal.SIGSTOP, 40]
)
def test_others_are_out_of_reach_by_number_group_and_all(sleeper: int, number: int) -> None:
    name = "40" if number == 40 else signal.Signals(number).name
    others = [("os.kill", sleeper), ("os.killpg", sleeper), ("os.kill", -sleeper)]
    for event, target in others:
        with pytest.raises(PermissionError, match=f"{event} would send {name} to process"):
            _hear(event, (target, number), session=1 << 30)
        _hear(event, (target, 0), session=1 << 30)
    with pytest.raises(PermissionError, match="to every process"):
        _hear("os.kill", (-1, number), session=HERE)


@pytest.mark.parametrize("target", [0, os.getpid(), -os.getpgrp()], ids=["all", "self", "group"])
def test_a_module_may_end_itself_and_not_stop_itself(target: int) -> None:
    _hear("os.kill", (target, signal.SIGTERM), HERE)
    with pytest.raises(PermissionError, match="would stop the module's own process by SIGSTOP"):
        _hear("os.kill", (target, signal.SIGSTOP), HERE)


@pytest.mark.own_process
def test_the_benchmark_goes_on(modules: Path) -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: came.append(number))
    try:
        scene = OWN + "if len(audio) == 2: os.kill(os.getppid(), signal.SIGTERM)\n"
        hear = load_hear_module(
            write_module(modules, load=UNHEARD, scene=scene), "cpu", Interpreter.here()
        )
        with pytest.raises(HearModuleError) as caught:
            hear.scene(AUDIO)
        said = f"PermissionError: os.kill would send SIGTERM to process {os.getpid()}, which"
        assert said in str(caught.value)
        assert hear.scene(AUDIO[:1]).shape == (1, 4)
        hear.close()
    finally:
        signal.signal(signal.SIGTERM, before)
    if os.uname().sysname == "Linux" and _kernel() >= (6, 12):
        assert not came


def _kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in os.uname().release.split(".")[:2])
