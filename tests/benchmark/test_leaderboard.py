import csv
import io
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from benchmark.leaderboard import Leaderboard
from benchmark.leaderboard_csv import leaderboard_csv
from benchmark.leaderboard_markdown import leaderboard_markdown
from benchmark.protocol import Protocol
from benchmark.results import Cell, FoldScores, ModuleFacts, TaskFacts
from benchmark.terminal import print_leaderboard
from tests.benchmark.test_results import CELL

PITCH = TaskFacts("pitch-v1", "pitch", "pitch_acc")
EVENTS = TaskFacts("events-v1", "event", "event_onset_200ms_fms")
ERRORS = TaskFacts("errors-v1", "event", "segment_1s_er")
SCENES = TaskFacts("scenes-v1", "scene", "top1_acc", "synthetic", 3)

OURS = ModuleFacts("ours", "pkg.ours", "", None, "w", "m", 16000, 4_012_345, 1024, 512)
FLOOR = ModuleFacts("logmel", "benchmark.baselines.logmel", "", None, "w", "m", 16000, 0, 64, 64)
STAND_IN = ModuleFacts("panns | ours", "pkg.panns", "", "not official", "w", "m", 16000, 99, 8, 8)
COSTS = "1024 / 512", "20", "700 MB"


def _cell(module: ModuleFacts, task: TaskFacts, *values: float) -> Cell:
    folds = [FoldScores(f"fold{i}", {task.score: value}, 0, 0) for i, value in enumerate(values)]
    return replace(CELL, module=module, task=task, folds=folds, reason=None)


def _seeds(module: ModuleFacts, task: TaskFacts, *seeds: Sequence[float]) -> list[Cell]:
    cells = [_cell(module, task, *values) for values in seeds]
    return [
        replace(cell, protocol=replace(cell.protocol, seed=42 + index))
        for index, cell in enumerate(cells)
    ]


def _failed(module: ModuleFacts, task: TaskFacts, reason: str) -> Cell:
    return replace(_cell(module, task), reason=reason, cost=None)


def _rows(markdown: str) -> list[list[str]]:
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_markdown_groups_tasks_and_marks_the_best() -> None:
    board = Leaderboard.of(
        [
            _cell(OURS, PITCH, 0.4),
            _cell(OURS, EVENTS, 0.3),
            _cell(OURS, SCENES, 0.8, 0.9, 1.0),
            _cell(FLOOR, PITCH, 0.40001),
            _cell(FLOOR, EVENTS, math.nan),
            _cell(FLOOR, SCENES, 0.1, 0.1, 0.1),
        ]
    )
    markdown = leaderboard_markdown(board, "Leaderboard: test")
    head, _, ours, floor = _rows(markdown)
    assert head[1:4] == [
        "scene, 3 folds<br>scenes-v1 †<br>top1_acc ↑",
        "event<br>events-v1<br>event_onset_200ms_fms ↑",
        "pitch<br>pitch-v1<br>pitch_acc ↑",
    ]
    # Equal as printed: both are best.
    scores = ["**0.900** ± 0.100", "**0.300**", "**0.400**", "0.533"]
    assert head[5:] == ["parameters", "embedding size", "audio s / s", "peak memory"]
    assert ours == ["ours", *scores, "4.0 M", "1024 / 512", "20", "700 MB"]
    assert floor == ["logmel", "0.100 ± 0.000", "nan", "**0.400**", "nan", "0", "64", *COSTS[1:]]
    assert "- † scenes-v1: synthetic" in markdown
    assert "- Floors, to be beaten: logmel." in markdown
    assert "not HEAR's normalised score" in markdown


def test_markdown_says_why_cells_failed_and_what_rows_are() -> None:
    board = Leaderboard.of(
        [
            _cell(STAND_IN, EVENTS, 0.3),
            _failed(STAND_IN, SCENES, "clip a|b.wav\nis damaged"),
            _failed(OURS, EVENTS, "No module"),
            _failed(OURS, SCENES, "No module"),
        ]
    )
    markdown = leaderboard_markdown(board, "Leaderboard: test")
    assert r"| panns \| ours | failed (1) | **0.300** |  |" in markdown
    assert "| ours | failed (2) | failed (2) |  |" in markdown
    assert r"- (1) panns \| ours: clip a\|b.wav is damaged" in markdown
    assert "- (2) ours: No module" in markdown
    assert r"- panns \| ours: not official" in markdown


def test_error_rates_are_best_when_low_and_never_averaged() -> None:
    board = Leaderboard.of(
        [
            _cell(OURS, ERRORS, 0.9),
            _cell(OURS, EVENTS, 0.9),
            _cell(FLOOR, ERRORS, 1.0),
            _cell(FLOOR, EVENTS, 1.0),
        ]
    )
    markdown = leaderboard_markdown(board, "Leaderboard: test")
    assert "segment_1s_er ↓" in markdown
    assert "| ours | **0.900** | 0.900 | 4.0 M |" in markdown
    assert "mean of" not in markdown
    assert "mean" not in leaderboard_csv(board)


def test_csv_has_full_precision_and_blanks() -> None:
    board = Leaderboard.of(
        [
            _cell(OURS, SCENES, 1 / 3),
            _cell(OURS, PITCH, 1.0),
            _cell(STAND_IN, SCENES, 0.5),
            _failed(STAND_IN, PITCH, "broke"),
        ]
    )
    head, *rows = leaderboard_csv(board).splitlines()
    mode = CELL.protocol.mode
    about = f"20.0,700000000,2,{mode},published,faster,8,42,float32"
    assert head == (
        "label,module,checkpoint,scenes-v1:top1_acc,scenes-v1:top1_acc:std_folds,"
        "pitch-v1:pitch_acc,mean_of_task_scores,parameters,scene_embedding_size,"
        "timestamp_embedding_size,audio_seconds_per_second,peak_memory_bytes,protocol,mode,rules,"
        "grid,grid_points,seeds,embedding_dtype,note,notices"
    )
    assert rows == [
        f"ours,pkg.ours,,{1 / 3},,1.0,{2 / 3},4012345,1024,512,{about},,scenes-v1: synthetic",
        f"panns | ours,pkg.panns,,0.5,,,,99,8,8,{about},not official,scenes-v1: synthetic",
    ]


def test_its_columns_are_documented_for_readers() -> None:
    board = Leaderboard.of(
        [*_seeds(OURS, SCENES, (0.1,), (0.2,)), *_seeds(OURS, PITCH, (1,), (1,))]
    )
    text = (Path(__file__).parents[2] / "results" / "README.md").read_text()
    documented = text.split("## Columns of `leaderboard.csv`")[1].split("## Columns of")[0]
    for column in leaderboard_csv(board).splitlines()[0].split(","):
        general = column.replace("scenes-v1:top1_acc", "TASK:SCORE")
        assert f"`{general.replace('pitch-v1:pitch_acc', 'TASK:SCORE')}`" in documented


def test_the_protocol_is_named_in_words() -> None:
    cell = replace(CELL, protocol=Protocol("default", 7, "exact", "strict", 4))
    markdown = leaderboard_markdown(Leaderboard.of([cell]), "Leaderboard: test")
    sentence = next(line for line in markdown.splitlines() if line.startswith("HEAR downstream"))
    assert "version 2" in sentence
    assert "grid `default` (HEAR's published protocol), 4 grid points" in sentence
    assert "mode `exact` (hear-eval-kit's arithmetic)" in sentence
    assert "rules `strict` (upstream's faults mended" in sentence
    assert "seed 7." in sentence
    assert "float" not in sentence
    half = replace(cell, embedding_dtype="float16", protocol=Protocol("fast", 7, "fast"))
    markdown = leaderboard_markdown(Leaderboard.of([half]), "Leaderboard: test")
    assert "mode `fast` (" in markdown
    assert "rules `published` (" in markdown
    assert "float16 embeddings" in markdown


def test_plus_minus_is_over_folds_or_over_seeds_and_says_so() -> None:
    board = Leaderboard.of(
        [
            *_seeds(OURS, SCENES, (0.1, 0.3, 0.8), (0.3, 0.5, 0.4)),  # folds: 0.2, 0.4, 0.6
            *_seeds(OURS, PITCH, (0.5,), (0.7,)),  # 0.1 from the mean, each: 0.02 ** 0.5
        ]
    )
    markdown = leaderboard_markdown(board, "Leaderboard: test")
    (_, _, ours) = _rows(markdown)
    assert ours[1:4] == ["**0.400** ± 0.200", "**0.600** ± 0.141", "0.500"]
    assert "seeds 42, 43." in markdown
    assert (
        "- Scores of tasks with folds are means over folds and 2 seeds, ± the standard deviation "
        "over folds of the means over seeds." in markdown
    )
    assert (
        "- Scores of tasks without folds are means over 2 seeds of the heads, ± the standard "
        "deviation over seeds" in markdown
    )
    (row,) = csv.DictReader(io.StringIO(leaderboard_csv(board)))
    assert row["seeds"] == "42 43"
    assert float(row["pitch-v1:pitch_acc:std_seeds"]) == pytest.approx(math.sqrt(0.02))
    assert float(row["scenes-v1:top1_acc:std_folds"]) == pytest.approx(0.2)
    assert float(row["scenes-v1:top1_acc:std_seeds"]) == pytest.approx(0)
    assert "pitch-v1:pitch_acc:std_folds" not in row


def test_one_seed_says_nothing_of_seeds() -> None:
    board = Leaderboard.of([_cell(OURS, SCENES, 0.1, 0.3, 0.8), _cell(OURS, PITCH, 0.5)])
    markdown = leaderboard_markdown(board, "Leaderboard: test")
    assert "seeds" not in markdown
    assert "are means, ± the standard deviation over folds." in markdown
    assert "std_seeds" not in leaderboard_csv(board)


def test_the_terminals_table_names_the_protocol() -> None:
    cells = _seeds(OURS, PITCH, (0.5,), (0.7,))
    strict = [replace(c, protocol=replace(c.protocol, rules="strict")) for c in cells]
    console = Console(width=200, record=True, file=io.StringIO())
    print_leaderboard(console, Leaderboard.of(strict))
    mode = CELL.protocol.mode
    shown = console.export_text()
    assert f"grid faster, mode {mode}, strict rules, seeds 42, 43" in shown
    assert "0.600" in shown


def test_a_grid_of_the_tasks_own_is_named() -> None:
    own = replace(PITCH, own_grid="batch_size, max_epochs")
    notes = leaderboard_markdown(Leaderboard.of([_cell(OURS, own, 0.4)]), "Leaderboard: test")
    assert "- pitch-v1: the task's own metadata sets batch_size, max_epochs of the heads" in notes
