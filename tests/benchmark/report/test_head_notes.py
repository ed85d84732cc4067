"""What stands under a table where heads had few optimiser steps."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from benchmark.cli.terminal_table import print_standings
from benchmark.protocol import Protocol
from benchmark.report.head_notes import step_notes
from benchmark.report.standings import read_leaderboard
from benchmark.report.write import TABLES
from benchmark.results.cell_files import read_cell, save_cell
from benchmark.results.cells import ModuleFacts
from tests.benchmark.report.results_folders import OTHER, OURS, SCENES, hit, write_cell

pytestmark = pytest.mark.usefixtures("of_any_size")


def cell_with(
    folder: Path, module: ModuleFacts, steps: Sequence[int | None], grid: str = "faster"
) -> None:
    """A cell whose folds' heads had so many steps."""
    path = write_cell(folder, module, SCENES, [hit((12, 24))[0] for _ in steps], Protocol(grid))
    cell = read_cell(path)
    folds = [replace(fold, steps=count) for fold, count in zip(cell.folds, steps, strict=True)]
    save_cell(path, replace(cell, folds=folds), path.with_suffix(".npz").read_bytes())


def test_few_steps_are_said_under_every_table(tmp_path: Path) -> None:
    cell_with(tmp_path, OURS, [10, 8])
    cell_with(tmp_path, OTHER, [100, 5000])
    board = read_leaderboard([tmp_path])
    (note,) = step_notes(board.board)
    assert "scenes-v1 (ours): 8 to 10." in note
    assert "other" not in note
    assert note.endswith("`--grid default` trains longer, and `--probe linear` fits to the end.")
    out = io.StringIO()
    print_standings(Console(file=out, width=200), board)
    for text in (
        TABLES["leaderboard.md"](board),
        TABLES["leaderboard.html"](board),
        out.getvalue(),
    ):
        assert "Heads with few optimiser steps" in text


def test_all_rows_are_named_by_the_task_alone(tmp_path: Path) -> None:
    cell_with(tmp_path, OURS, [10])
    cell_with(tmp_path, OTHER, [10])
    (note,) = step_notes(read_leaderboard([tmp_path]).board)
    assert "scenes-v1: 10." in note


def test_many_steps_and_unknown_ones_are_not_worth_a_note(tmp_path: Path) -> None:
    cell_with(tmp_path, OURS, [100, 101], "default")
    cell_with(tmp_path, OTHER, [None, None], "default")
    assert step_notes(read_leaderboard([tmp_path]).board) == []
    cell_with(tmp_path, OURS, [99, 101], "default")
    (note,) = step_notes(read_leaderboard([tmp_path]).board)
    assert "--grid" not in note
