"""What becomes of a cell: kept, failed or filled, saved before it is passed on."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.protocol import Protocol
from benchmark.results.cell_files import cell_path, read_cell
from benchmark.results.cells import Cell, ModuleFacts, with_unique_label
from benchmark.runner.cells import FinishedCells, RunCells
from benchmark.runner.evaluate_cell import EvaluatedCell
from benchmark.runner.plan import RunPlan
from benchmark.runner.progress import Silent
from benchmark.tasks.find import UnreadableTask
from tests.benchmark.report.results_folders import write_cell

MODULE = ModuleFacts("mine", "mine", "", module_hash="m" * 64)


class _Shown(Silent):
    """What was passed on: the reason, whether it was kept, and whether its file was there."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.cells: list[tuple[str | None, bool, bool]] = []

    def finished(self, cell: Cell, kept: bool) -> None:
        there = read_cell(cell_path(self.out, cell)).reason == cell.reason
        self.cells.append((cell.reason, kept, there))


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunPlan:
    monkeypatch.setenv("MSBENCH_CACHE", str(tmp_path / "cache"))
    task = UnreadableTask(tmp_path / "scene-v1", "it is torn")
    return RunPlan(["mine"], [task], tmp_path / "out", Protocol("default"), seeds=2)


def _cells(plan: RunPlan) -> tuple[RunCells, _Shown]:
    shown = _Shown(plan.out)
    return RunCells(plan, FinishedCells(plan, shown)), shown


def _evaluated(plan: RunPlan, blank: Cell, inputs: dict[str, str]) -> Callable[[], EvaluatedCell]:
    """What training gives: made elsewhere, and given the blank's names."""
    path = write_cell(plan.out.parent / "other", MODULE, blank.task, [[True, False]])
    made = read_cell(path)
    cell = replace(made, protocol=blank.protocol, task_hash=blank.task_hash)
    return lambda: EvaluatedCell(cell, path.with_suffix(".npz").read_bytes(), inputs)


def test_cells_of_an_unreadable_task_fail_with_its_reason(plan: RunPlan) -> None:
    cells, shown = _cells(plan)
    assert list(cells.blanks(MODULE)) == []
    assert shown.cells == [("it is torn", False, True)] * 2


def test_a_filled_cell_is_kept_by_the_next_run_until_what_it_read_changes(
    plan: RunPlan, tmp_path: Path
) -> None:
    read = tmp_path / "gain.json"
    read.write_text("1")
    cells, shown = _cells(plan)
    blanks = cells.keep(plan.blanks(MODULE, plan.tasks[0]), "t" * 64)
    assert [blank.task_hash for blank in blanks] == ["t" * 64] * 2
    sha = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"  # of "1"
    cells.fill(blanks[0], _evaluated(plan, blanks[0], {str(read): sha}))
    assert shown.cells == [(None, False, True)]
    again, shown = _cells(plan)
    assert again.keep(plan.blanks(MODULE, plan.tasks[0]), "t" * 64) == [blanks[1]]
    assert shown.cells == [(None, True, True)]
    read.write_text("2")
    assert again.keep(plan.blanks(MODULE, plan.tasks[0]), "t" * 64) == blanks


def test_a_kept_cell_takes_the_label_and_licence_that_the_user_gave_since(plan: RunPlan) -> None:
    cells, _ = _cells(plan)
    blank = cells.keep(plan.blanks(MODULE, plan.tasks[0]), "t" * 64)[0]
    cells.fill(blank, _evaluated(plan, blank, {}))
    path = cell_path(plan.out, blank)
    before, predictions = read_cell(path), path.with_suffix(".npz").read_bytes()
    renamed = replace(MODULE, label="my row", licence="MIT")
    again, shown = _cells(plan)
    again.keep(plan.blanks(renamed, plan.tasks[0]), "t" * 64)
    assert shown.cells == [(None, True, True)]
    assert read_cell(path) == replace(before, module=renamed)
    assert path.with_suffix(".npz").read_bytes() == predictions


def test_a_cell_whose_training_or_saving_fails_is_failed(
    plan: RunPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells, shown = _cells(plan)
    blanks = cells.keep(plan.blanks(MODULE, plan.tasks[0]), "t" * 64)

    def train() -> EvaluatedCell:
        raise ValueError("no such grid")

    cells.fill(blanks[0], train)
    evaluate = _evaluated(plan, blanks[1], {})
    monkeypatch.setattr(RunCells, "_save", lambda self, cell: (plan.out / "no" / "x").touch())
    cells.fill(blanks[1], evaluate)
    assert [kept for _, kept, _ in shown.cells] == [False, False]
    first, second = (reason for reason, _, _ in shown.cells)
    assert first == "no such grid"
    assert second is not None and "No such file" in second


def test_steps_name_the_seed_only_where_there_are_several(plan: RunPlan) -> None:
    (first, _) = plan.blanks(MODULE, plan.tasks[0])
    assert _cells(plan)[0].step_name(first, "scoring") == "mine scene-v1: scoring, seed 42"
    one = replace(plan, seeds=1)
    assert _cells(one)[0].step_name(first, "scoring") == "mine scene-v1: scoring"


def test_a_label_that_is_taken_gets_the_spec_behind_it() -> None:
    other = replace(MODULE, checkpoint="b=1.pt")
    assert with_unique_label(other, {"other"}) is other
    assert with_unique_label(other, {"mine"}).label == "mine (mine=b=1.pt)"
