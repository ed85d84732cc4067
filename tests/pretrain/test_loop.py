"""The loop, with a training whose only weight is a number that it adds up."""

import csv
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor

from pretrain.interrupt import ctrl_c_waits
from pretrain.loop import Loop, Progress, is_logged
from pretrain.run_folder import METRICS, STATE


class Sum:
    """Step n adds n + 1; its loss is the sum so far."""

    metric_names = ("loss", "added")
    crops_per_step = 4

    def __init__(self) -> None:
        self.fabric = Fabric(accelerator="cpu", devices=1)
        self.total = torch.zeros((), dtype=torch.float64)
        self.failures: dict[int, BaseException] = {}  # by step
        self.late: BaseException | None = None
        self.interrupts_at, self.interrupts = -1, 1  # a step, and how many times there

    def do_step(self, step: int) -> tuple[Tensor, Tensor]:
        if step in self.failures:
            raise self.failures[step]
        if step == self.interrupts_at:
            for _ in range(self.interrupts):
                signal.raise_signal(signal.SIGINT)
        self.total = self.total + step + 1
        return self.total, torch.tensor(step + 1.0)

    def settle(self) -> None:
        if self.late:
            raise self.late

    def state(self) -> dict[str, Any]:
        return {"total": self.total}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.total = state["total"]

    def describe(self, means: Mapping[str, float]) -> list[str]:
        return [f"mean {means['loss']:.1f}"]

    def export(self, path: Path, progress: Progress) -> None:
        path.write_text(f"{self.total} after {progress.step}")


def loop_of(folder: Path, training: Sum, minutes: float = 60.0) -> Loop:
    return Loop(training, folder, 9, minutes)


def rows(folder: Path) -> list[tuple[str, ...]]:
    with (folder / METRICS).open(newline="") as file:
        return [(row["step"], row["loss"], row["added"]) for row in csv.DictReader(file)]


def test_means_are_those_since_the_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pretrain.loop.LINES_PER_RUN", 1)  # at 1, 2, 5 and at the end
    loop = loop_of(tmp_path, Sum())
    assert loop.open({}, resume=False) is None
    loop.run()
    sums = [n * (n + 1) / 2 for n in range(1, 10)]
    means = [sums[0], sums[1], sum(sums[2:5]) / 3, sum(sums[5:]) / 4]
    assert [row[:2] for row in rows(tmp_path)] == [
        (step, format(mean, ".6g")) for step, mean in zip("1259", means, strict=True)
    ]
    assert loop.export().read_text() == "45.0 after 9"
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("step 1/9  mean 1.0  ") and said[0].endswith(" min left")
    assert said[3].endswith("crops/s, 0.0 min left") and said[4].startswith("wrote ")


def test_a_resumed_run_is_the_same_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pretrain.loop.LINES_PER_RUN", 1)
    whole, part = tmp_path / "whole", tmp_path / "part"
    for folder in (whole, part):
        loop = loop_of(folder, training := Sum(), minutes=0.0)
        loop.open({}, resume=False)
        if folder == part:
            training.failures[7] = KeyboardInterrupt()
            with pytest.raises(KeyboardInterrupt):
                loop.run()
            loop = loop_of(folder, Sum())
            state = loop.open({}, resume=True)
            assert state is not None and state["step"] == 7 and state["summed"] == 2
            loop.restore(state)
        loop.run()
    assert rows(whole) == rows(part)
    assert loop.progress.step == 9 and float(loop.training.state()["total"]) == 45


def test_speed_and_time_left_are_of_the_last_lines_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [100.0]
    monkeypatch.setattr("pretrain.loop.time.monotonic", lambda: clock[0])
    loop = Loop(training := Sum(), tmp_path, 800, 60.0)
    loop.open({}, resume=False)
    loop.progress.step, loop.progress.seconds = 400, 40_000.0  # as a resumed run starts
    seconds = iter([10.0] * 20 + [2.0] * 380)  # a step took 100 before
    step = training.do_step

    def timed(number: int) -> tuple[Tensor, Tensor]:
        clock[0] += next(seconds)
        return step(number)

    monkeypatch.setattr(training, "do_step", timed)
    loop.run()
    said = dict(line.split("/800  ") for line in capsys.readouterr().err.splitlines())
    # Four crops a step: 10 seconds each at first, then the mean of three lines of 16 steps.
    assert said["step 416"].endswith("  0 crops/s, 64.0 min left")
    assert said["step 480"].endswith("  2 crops/s, 10.7 min left")
    assert said["step 800"].endswith("  2 crops/s, 0.0 min left")
    with (tmp_path / METRICS).open(newline="") as file:
        last = [*csv.DictReader(file)][-1]
    assert float(last["crops_per_second"]) == pytest.approx(800 * 4 / 40_960, rel=1e-4)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RuntimeError("[gloo/x.cc:1] Connection closed by peer. Sorry"), "lost another one .*peer"),
        (RuntimeError("a shape is wrong"), "a shape is wrong"),
    ],
)
def test_a_lost_process_leaves_the_state_after_the_last_whole_step(
    tmp_path: Path, error: RuntimeError, sentence: str
) -> None:
    loop = loop_of(tmp_path, training := Sum())
    loop.open({}, resume=False)
    training.failures[4] = error
    lost = "gloo" in str(error)
    with pytest.raises(ConnectionError if lost else RuntimeError, match=sentence) as found:
        loop.run()
    assert (tmp_path / STATE).exists() == lost
    if lost:
        assert "process 0 of 1" in str(found.value) and "after step 4;" in str(found.value)
        assert torch.load(tmp_path / STATE, weights_only=True)["step"] == 4


def test_a_step_that_is_bad_later_leaves_the_state_before_it(tmp_path: Path) -> None:
    loop = loop_of(tmp_path, training := Sum())
    loop.open({}, resume=False)
    training.failures[3] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    loop.save()
    training.failures.clear()
    training.late = FloatingPointError("the loss is nan at step 4")
    with pytest.raises(FloatingPointError, match="step 4"):
        loop.run()
    with pytest.raises(FloatingPointError):
        loop.save()
    assert torch.load(tmp_path / STATE, weights_only=True)["step"] == 3


def test_log_lines_are_dense_at_the_start() -> None:
    logged = [step for step in range(1, 10001) if is_logged(step, 10000)]
    assert logged[:8] == [1, 2, 5, 10, 20, 50, 100, 200]
    assert logged[-1] == 10000 and len(logged) < 70


def test_ctrl_c_ends_the_step_and_saves(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stopped = Sum()
    stopped.interrupts_at = 4
    loop = loop_of(tmp_path, stopped)
    assert loop.open({}, resume=False) is None
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    assert stopped.total == 15.0  # the fifth step was finished
    said = capfd.readouterr().err
    assert "Ctrl-C again stops at once" in said
    assert "saved after step 5 of 9; --resume goes on from there" in said
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    again = loop_of(tmp_path, Sum())
    state = again.open({}, resume=True)
    assert state is not None
    again.restore(state)
    again.run()
    assert again.export().read_text() == "45.0 after 9"


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    stopped = Sum()
    stopped.interrupts_at, stopped.interrupts = 4, 2
    loop = loop_of(tmp_path, stopped)
    loop.open({}, resume=False)
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    assert stopped.total == 10.0
    assert not (tmp_path / STATE).exists()


def test_ctrl_c_in_the_last_step_ends_a_finished_run(tmp_path: Path) -> None:
    last = Sum()
    last.interrupts_at = 8
    loop = loop_of(tmp_path, last)
    loop.open({}, resume=False)
    loop.run()
    assert loop.export().read_text() == "45.0 after 9"


def test_ctrl_c_is_left_alone_where_another_handles_it() -> None:
    def theirs(number: int, frame: object) -> None:
        pass

    before = signal.signal(signal.SIGINT, theirs)
    try:
        with ctrl_c_waits():
            assert signal.getsignal(signal.SIGINT) is theirs
        assert signal.getsignal(signal.SIGINT) is theirs
    finally:
        signal.signal(signal.SIGINT, before)
