"""Rows of other interpreters in a table."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from benchmark.api import fill_and_report
from benchmark.cli import main
from benchmark.cli.terminal import RunProgress
from benchmark.models.hear_module import load_hear_module
from benchmark.models.outputs import HearModuleError
from benchmark.models.worker.interpreter import Interpreter
from benchmark.protocol import Protocol
from benchmark.results.leaderboard import ResultTable
from benchmark.runner.plan import RunPlan
from benchmark.tasks.find import find_tasks
from tests.benchmark.tiny_tasks import write_event_task, write_scene_task

HERE = Interpreter(Path(sys.executable), 120)
COUNT = "with open('calls', 'a') as calls: calls.write('x')"


def _run(folder: Path, name: str, interpreters: dict[str, Interpreter]) -> ResultTable:
    plan = RunPlan(
        [name], find_tasks(folder / "tasks"), folder / "out", Protocol("faster", 42),
        interpreters=interpreters,
    )  # fmt: skip
    with RunProgress(Console(width=160)) as progress:
        return fill_and_report(plan, progress).board


def test_a_row_is_filled_and_kept(tmp_path: Path, modules: Path, write) -> None:
    write_scene_task(tmp_path / "tasks")
    write_event_task(tmp_path / "tasks")
    name = write(scene=COUNT)
    board = _run(tmp_path, name, {name: HERE})
    (tiny,) = board.entries[name, "tiny-v1-full"].cells
    assert tiny.primary == 1.0  # loud and quiet noise: the embedding is the energy
    assert tiny.cost and 16 <= (tiny.cost.peak_memory_bytes or 0) < 10**8
    assert "tensorflow 0.fake" in (tiny.module.note or "")
    assert board.entries[name, "tinyevents-v1-full"].reason is None
    calls = (modules / "calls").read_text()
    (tmp_path / "out").rename(tmp_path / "before")
    board = _run(tmp_path, name, {name: HERE})
    (again,) = board.entries[name, "tiny-v1-full"].cells
    assert again.cost and again.cost.embedding_cached
    assert again.folds == tiny.folds
    assert (modules / "calls").read_text() == calls
    assert "on /CPU:0" in (tmp_path / "out" / "logs" / f"{name}.log").read_text()


def test_a_death_costs_one_cell(tmp_path: Path, write) -> None:
    write_scene_task(tmp_path / "tasks", "a")
    write_event_task(tmp_path / "tasks", "b")
    name = write(scene="import os; os._exit(9)")
    board = _run(tmp_path, name, {name: HERE})
    assert "ended with exit status 9" in (board.entries[name, "a-v1-full"].reason or "")
    assert board.entries[name, "b-v1-full"].reason is None


def test_what_env_does_not_mean_is_one_line(tmp_path: Path) -> None:
    write_scene_task(tmp_path / "tasks")
    command = ["run", "--tasks-dir", str(tmp_path / "tasks"), "--env"]
    for rest, sentence in (
        (["x"], "--env runs MODULEs in another Python: name at least one MODULE"),
        (["/nowhere/python", "some_module"], "no Python interpreter at /nowhere/python"),
        (["other=/nowhere/python", "some_module"], "no such module is run, but some_module"),
    ):
        done = CliRunner().invoke(main, [*command, *rest])
        assert done.exit_code == 2
        assert sentence in done.output
        assert done.output.count("\n") == 1


def test_a_tensorflow_module_in_process_is_told_where_to_go(
    write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", None)  # to be put back to what it was
    monkeypatch.delitem(sys.modules, "tensorflow")
    with pytest.raises(HearModuleError, match=f"TensorFlow with --env PYTHON.*{sys.executable}"):
        load_hear_module(write())
