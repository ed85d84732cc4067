"""Undefined scores: no rank, no bold, no place in an overall mean, and a sentence that says why."""

import csv
import hashlib
import io
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from benchmark.cli.terminal_table import print_standings
from benchmark.compare.comparison import compare_results
from benchmark.compare.text import comparison_markdown
from benchmark.events.table import Event, event_table
from benchmark.report.standings import Leaderboard, read_leaderboard
from benchmark.report.tables.long import long_csv
from benchmark.report.write import TABLES
from benchmark.results.cell_files import read_cell, save_cell
from benchmark.results.cells import FoldScores, ModuleFacts, TaskFacts
from benchmark.results.predictions import EventPredictions, Predictions, predictions_file
from benchmark.scores import as_logged
from benchmark.scores.event_onset import event_onset_200ms_fms
from tests.benchmark.report.results_folders import OTHER, OURS, SCENES, hit, write_cell

EVENTS = TaskFacts("events-v1", "event", "event_onset_200ms_fms")
CLIPS = tuple(f"{index}.wav" for index in range(24))
LABELS = ("a", "b", "c")


def write_events(
    folder: Path, module: ModuleFacts, task: TaskFacts, predicted: bool, reference: bool
) -> None:
    """A cell whose clips have an event each, or none, in labels and predictions."""
    one = {clip: [Event("a", 100.0, 900.0)] for clip in CLIPS}
    none: dict[str, list[Event]] = {clip: [] for clip in CLIPS}
    tables = [
        event_table(one if there else none, CLIPS, LABELS) for there in (predicted, reference)
    ]
    score = event_onset_200ms_fms(tables[1], tables[0])["f_measure"]
    file = predictions_file(Predictions(LABELS, (EventPredictions("test", CLIPS, *tables),)))
    folds = [FoldScores("test", {task.score: as_logged(task.score, score)}, math.nan, 0)]
    rewritten(write_cell(folder, module, task, hit((1, 2))), folds, file)


def rewritten(path: Path, folds: list[FoldScores], predictions: bytes | None = None) -> None:
    """Other folds, and other predictions if they are given."""
    file = predictions or path.with_suffix(".npz").read_bytes()
    digest = hashlib.sha256(file).hexdigest()
    save_cell(path, replace(read_cell(path), folds=folds, predictions_hash=digest), file)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rows: one predicts no event; a task without events; a task as it should be."""
    out = tmp_path_factory.mktemp("results")
    nothing = replace(EVENTS, task="silence-v1")
    for module, predicts in ((OURS, True), (OTHER, False)):
        write_cell(out, module, SCENES, hit((20, 24) if predicts else (2, 24)))
        write_events(out, module, EVENTS, predicted=predicts, reference=True)
        write_events(out, module, nothing, predicted=predicts, reference=False)
    return out


@pytest.fixture(scope="module")
def board(folder: Path) -> Leaderboard:
    return read_leaderboard([folder])


def test_undefined_scores_have_no_rank_no_interval_and_are_in_no_test(board: Leaderboard) -> None:
    places = [("other", "events-v1"), ("ours", "silence-v1"), ("other", "silence-v1")]
    for label, task in places:
        score = board.score(label, task)
        assert score.value is not None
        assert math.isnan(score.value)
        assert (score.low, score.high, score.ranks) == (None, None, None)
        assert not board.is_best(label, task)
    assert board.comparisons["events-v1"].models == ("ours",)
    assert "silence-v1" not in board.comparisons
    assert board.score("ours", "events-v1").ranks is None  # a row alone has no rank
    # Who lacks a score that another row has is in no overall mean; what nobody has does not count.
    assert [row.model for row in board.overall] == ["ours"]


def test_no_table_has_the_number_and_all_say_why(board: Leaderboard) -> None:
    for name, write in TABLES.items():
        text = write(board)
        if name.endswith(".csv"):
            continue
        visible = re.sub(r"<(script|style).*?</\1>", "", text, flags=re.DOTALL)
        assert not re.search(r"\bnan\b|e\+1\d", visible), name
        assert visible.count("undefined") >= 3, name
    for name in ("leaderboard.md", "leaderboard.html"):
        text = TABLES[name](board)
        assert "the split test has no events: event_onset_200ms_fms is undefined" in text
        assert "other on events-v1: no event is predicted in the split test" in text
        assert "silence-v1: its test split has only" not in text


def test_the_terminal_says_the_same(board: Leaderboard) -> None:
    console = Console(file=io.StringIO(), width=300)
    print_standings(console, board)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "nan" not in text
    assert "undefined (" not in text
    assert text.count("undefined │") == 3


def test_the_long_table_has_the_reason_beside_the_number(board: Leaderboard) -> None:
    rows = {(r["label"], r["task"]): r for r in csv.DictReader(io.StringIO(long_csv(board)))}
    row = rows["ours", "silence-v1"]
    assert (row["value"], row["rank_first"], row["low"]) == ("nan", "", "")
    assert "the split test has no events" in row["note"]
    assert rows["ours", "events-v1"]["note"] == ""


def test_compare_says_that_it_did_not_test(folder: Path) -> None:
    compared = compare_results(folder, folder, rows=("ours", "other"))
    found = {difference.place.task.task: difference for difference in compared.differences}
    assert found["events-v1"].verdict == "not tested"
    assert found["events-v1"].untested == "a score is undefined"
    text = comparison_markdown(compared)
    assert "nan" not in text
    assert "no event is predicted in the split test" in text


def test_what_selected_the_heads_is_said_in_every_table(tmp_path: Path) -> None:
    other = "the loss: the split valid has no events, so that top1_acc is undefined"
    chosen = [FoldScores("fold0", {"top1_acc": 0.5}, 0.5, 3, selected_by=other)]
    blind = [FoldScores("fold0", {"top1_acc": 0.5}, -math.inf, 3, validation_curve=[[3, math.nan]])]
    rewritten(write_cell(tmp_path, OURS, SCENES, hit((12, 24))), chosen)
    rewritten(write_cell(tmp_path, OTHER, SCENES, hit((12, 24))), blind)
    board = read_leaderboard([tmp_path])
    for name in ("leaderboard.md", "leaderboard.html"):
        text = TABLES[name](board)
        assert f"ours on scenes-v1: heads are selected by {other}." in text
        assert "other on scenes-v1: no head had a defined validation score" in text
    assert f"heads are selected by {other}" in long_csv(board)
