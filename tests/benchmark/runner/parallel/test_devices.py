"""Several devices: CPUs play them, each in a process of its own."""

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from benchmark.cli import main
from benchmark.runner.parallel import devices
from benchmark.runner.parallel.device_process import DeviceProcess, ProcessLostError
from benchmark.runner.parallel.devices import DeviceWork
from benchmark.runner.parallel.tasks import ModuleSpec, Outcome, Place, do
from tests.benchmark.fake_modules import write_module
from tests.benchmark.tiny_tasks import write_scene_task

TIMING = ("embedding_seconds", "model_seconds", "head_seconds", "peak_memory_bytes")
SHORT = {"max_epochs": [3], "hidden_layers": [0, 1], "hidden_dim": [16]}

# Embeddings of little but noise: heads differ. Of two processes, the first that comes here waits
# for the second, and the one that finds a file "victim" dies of it, once.
SCENE = """
embeddings = torch.sin(1e6 * audio[:, :4])
import os, signal, time
from pathlib import Path
Path("calls").mkdir(exist_ok=True)
Path(f"calls/{os.getpid()}").touch()
if Path("both").exists():
    end = time.monotonic() + 60
    while len(list(Path("calls").iterdir())) < 2:
        assert time.monotonic() < end, "the second process does not come"
        time.sleep(0.01)
    try:
        Path("victim").unlink()
    except FileNotFoundError:
        pass
    else:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def place(tmp_path: Path, modules: Path) -> Path:
    splits = ["fold0", "fold1", "fold2"]
    folds = write_scene_task(
        tmp_path / "tasks", clips=8, split_mode="new_split_kfold", splits=splits
    )
    metadata = folds / "task_metadata.json"
    facts = {**json.loads(metadata.read_text()), "task_specific_param_grid": SHORT}
    metadata.write_text(json.dumps(facts))
    write_module(modules, name="noise", scene=SCENE)
    write_module(modules, name="broken", load="raise OSError('gone')")
    return modules


def _run(place: Path, monkeypatch: pytest.MonkeyPatch, device: str) -> tuple[str, dict[str, Any]]:
    """What a run says, and its cells without what tells of time."""
    out = place / device
    monkeypatch.setenv("MSBENCH_CACHE", str(out / "cache"))
    tasks = ["--tasks-dir", str(place.parent / "tasks"), "--grid", "faster", "--no-floor"]
    options = ["--in-process", "--device", device, "--out", str(out), "--mode", "exact"]
    done = CliRunner().invoke(main, ["run", "noise", "broken", *tasks, *options])
    assert done.exit_code == 1, done.output  # "broken" is
    assert "Traceback" not in done.output
    found: dict[str, Any] = {}
    for path in (out / "cells").iterdir():
        if path.suffix == ".npz":
            found[path.name] = path.read_bytes()
            continue
        cell = json.loads(path.read_text())
        del cell["date"], cell["command"]
        for key in TIMING if cell["cost"] else ():
            del cell["cost"][key]
        found[path.name] = cell
    return done.output, found


def test_two_devices_give_the_bytes_of_one_though_a_process_dies(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, alone = _run(place, monkeypatch, "cpu")
    for path in (place / "calls").iterdir():
        path.unlink()
    (place / "both").touch()
    (place / "victim").touch()
    said, shared = _run(place, monkeypatch, "cpu,cpu")
    assert "A process for each of cpu, cpu" in said
    assert said.count("its process was killed by SIGKILL; it is done again") == 1
    assert len(list((place / "calls").iterdir())) in (2, 3)  # and the victim's successor
    assert len(alone) == 2 + 1  # two modules; "broken" predicts nothing
    assert shared == alone


def test_a_process_that_is_stopped_is_not_waited_for() -> None:
    process = DeviceProcess("cpu")
    here = Place.here(torch.get_num_threads())
    killer = threading.Timer(0.5, process.kill)
    try:
        assert process.do(here, abs, (-3,)).value == 3
        assert "invalid literal" in (process.do(here, int, ("x",)).reason or "")
        killer.start()
        started = time.monotonic()
        with pytest.raises(ProcessLostError, match="its process"):
            process.do(here, time.sleep, (60,))
        assert time.monotonic() - started < 30
    finally:
        killer.join()
        process.kill()


class FakeProcess:
    """Does a task here; loses as many as the test says."""

    lose = 0

    def __init__(self, device: str) -> None:
        self.device = device
        self.last: object = None
        self.did: list[object] = []
        self.ends: list[str] = []

    def do(self, place: Place, function: Any, arguments: tuple[Any, ...]) -> Outcome:
        if FakeProcess.lose:
            FakeProcess.lose -= 1
            raise ProcessLostError("its process was killed by SIGKILL")
        self.did.append(arguments[-1])
        return do(place, function, *arguments)

    def dismiss(self) -> None:
        self.ends.append("dismissed")

    def close(self) -> None:
        self.ends.append("closed")

    def kill(self) -> None:
        self.ends.append("killed")


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> DeviceWork:
    monkeypatch.setattr(devices, "DeviceProcess", FakeProcess)
    monkeypatch.setattr(FakeProcess, "lose", 0)
    said: list[str] = []
    made = DeviceWork(
        ["cpu", "cpu"], Place.here(torch.get_num_threads()), said.append, lambda *c: None
    )
    made.said = said  # type: ignore[attr-defined]
    return made


def test_a_task_that_loses_every_process_fails(work: DeviceWork) -> None:
    FakeProcess.lose = 9
    outcome = asyncio.run(work.do("a task", abs, -1))
    lost = "its process was killed by SIGKILL"
    assert outcome.reason == f"a task was tried 4 times; the last time, {lost}"
    assert work.said == [f"a task: {lost}; it is done again"] * 3  # type: ignore[attr-defined]
    FakeProcess.lose = 1
    assert asyncio.run(work.do("a task", abs, -1)).value == 1


def test_a_task_goes_where_its_module_is(work: DeviceWork) -> None:
    specs = [ModuleSpec(name, "cpu", None) for name in ("first", "second")]

    async def all_of(pairs: list[tuple[ModuleSpec, int]]) -> None:
        barrier = threading.Barrier(2, timeout=10)  # both devices are at work at once

        def about(spec: ModuleSpec, number: int) -> int:
            barrier.wait()
            return number

        found = await asyncio.gather(*(work.do("", about, *pair) for pair in pairs))
        assert [outcome.value for outcome in found] == [number for _, number in pairs]

    asyncio.run(all_of([(specs[0], 0), (specs[1], 1)]))
    asyncio.run(all_of([(specs[1], 2), (specs[0], 3)]))
    asyncio.run(all_of([(specs[0], 4), (specs[1], 5)]))
    assert sorted(process.did for process in work._processes) == [[0, 3, 4], [1, 2, 5]]


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_processes_end_with_the_run(work: DeviceWork, error: type[BaseException] | None) -> None:
    try:
        with work:
            if error:
                raise error
    except KeyboardInterrupt:
        pass
    ends = ["killed" if error else "dismissed", "closed"]
    assert [process.ends for process in work._processes] == [ends, ends]
