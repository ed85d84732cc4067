"""Results folders that others made: hostile text in every field, through report and compare."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.cli.terminal import RunProgress
from benchmark.cli.terminal_table import print_standings
from benchmark.compare.comparison import compare_results
from benchmark.compare.text import comparison_markdown, print_comparison
from benchmark.report.standings import Leaderboard, read_leaderboard
from benchmark.report.write import TABLES
from benchmark.results.cell_files import read_cell, save_cell
from benchmark.results.cells import Cell, ModuleFacts, TaskFacts
from msssl_common.console import GatedConsole
from msssl_common.csv_tables import read_csv_table
from msssl_common.messages import one_printable_line
from tests.benchmark.report.results_folders import OURS, SCENES, hit, write_cell
from tests.hostile import (
    HOSTILE,
    LONG,
    assert_csv_is_safe,
    assert_html_is_ours,
    assert_markdown_is_dead,
    assert_printed_well,
)

TEXTS = [*HOSTILE.values(), LONG]


def hostile_module(text: str, number: int) -> ModuleFacts:
    """Every text of a module; its import name tells rows apart."""
    return ModuleFacts(
        f"{text} {number}", f"m{number} {text}", text, text, text, text, distribution=text
    )


def write_hostile(
    folder: Path, text: str, number: int, module: ModuleFacts, task: TaskFacts
) -> None:
    """A finished cell in which every text is ``text``, and a failed one."""
    other = dict.fromkeys(("device", "versions", "machine", "date", "command"), text)
    path = write_cell(
        folder,
        replace(OURS, label=f"plain{number}", module=f"m{number}"),
        SCENES,
        hit((number, 30)),
    )
    cell = replace(read_cell(path), module=module, task=task, **other)
    predictions = path.with_suffix(".npz").read_bytes()
    path.unlink()
    path.with_suffix(".npz").unlink()
    save_cell(folder / "cells" / f"{number}.json", cell, predictions)
    broken = replace(cell, task=replace(PITCHES, notice=text), reason=text, folds=[], cost=None)
    save_cell(folder / "cells" / f"{number}-failed.json", broken)


PITCHES = TaskFacts("pitch-v1", "pitch", "pitch_acc")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A row for every hostile text."""
    out = tmp_path_factory.mktemp("rows")
    for number, text in enumerate(TEXTS):
        write_hostile(out, text, number, hostile_module(text, number), SCENES)
    return out


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A column for every hostile text."""
    out = tmp_path_factory.mktemp("columns")
    for number, text in enumerate(TEXTS):
        task = TaskFacts(f"{text} {number}", "scene", "top1_acc", text, 1, text)
        write_hostile(out, text, number, OURS, task)
    return out


@pytest.fixture(scope="module")
def boards(rows: Path, columns: Path) -> list[Leaderboard]:
    return [read_leaderboard([rows]), read_leaderboard([columns])]


CHECKS = {".html": assert_html_is_ours, ".md": assert_markdown_is_dead, ".csv": assert_csv_is_safe}


@pytest.mark.parametrize("name", TABLES)
def test_no_table_obeys_anything(boards: list[Leaderboard], name: str) -> None:
    for board in boards:
        text = TABLES[name](board)
        assert_printed_well(text, 1_500_000)
        CHECKS[Path(name).suffix](text)
        if name != "leaderboard_pairs.csv" or board is boards[0]:
            assert "(200," in text  # the length of what was cut


@contextmanager
def printed() -> Iterator[GatedConsole]:
    console = GatedConsole(file=io.StringIO(), width=300)
    yield console
    assert_printed_well(console.file.getvalue(), 1_000_000)  # type: ignore[attr-defined]


def test_the_terminal_obeys_nothing(boards: list[Leaderboard]) -> None:
    for board in boards:
        with printed() as console:
            print_standings(console, board)
        with printed() as console:
            progress = RunProgress(console)
            for cell in _cells(board):
                progress.finished(cell, kept=False)
                progress.module_failed([cell])
                progress.step(cell.module.label)(0, 2)


def _cells(board: Leaderboard) -> list[Cell]:
    return [cell for entry in board.board.entries.values() for cell in entry.cells]


def test_compare_obeys_nothing(rows: Path, columns: Path) -> None:
    for folder in (rows, columns):
        compared = compare_results(folder, folder)
        with printed() as console:
            print_comparison(console, compared)
        text = comparison_markdown(compared)
        assert_printed_well(text, 1_000_000)
        assert_markdown_is_dead(text)


@pytest.mark.parametrize("name", ["leaderboard.csv", "leaderboard_long.csv"])
def test_our_own_reader_gives_the_labels_as_they_were(boards: list[Leaderboard], name: str) -> None:
    board = boards[0]
    found = {row["label"] for row in read_csv_table(TABLES[name](board))}
    assert found == {one_printable_line(module.label) for module in board.board.modules}
    assert one_printable_line(f"{HOSTILE['formula']} 5") in found


def test_negative_numbers_stay_numbers(boards: list[Leaderboard]) -> None:
    rows = read_csv_table(TABLES["leaderboard.csv"](boards[0]))
    assert {"0.1", "0.2"} & {row["scenes-v1:top1_acc"] for row in rows}
