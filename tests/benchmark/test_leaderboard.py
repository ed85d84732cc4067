import math
from dataclasses import replace

from benchmark.leaderboard import Leaderboard, leaderboard_csv, leaderboard_markdown
from benchmark.results import Cell, FoldScores, ModuleFacts, TaskFacts
from tests.benchmark.test_results import CELL

PITCH = TaskFacts("pitch-v1", "pitch", "pitch_acc")
EVENTS = TaskFacts("events-v1", "event", "event_onset_200ms_fms")
ERRORS = TaskFacts("errors-v1", "event", "segment_1s_er")
SCENES = TaskFacts("scenes-v1", "scene", "top1_acc", "synthetic", 3)

OURS = ModuleFacts("ours", "pkg.ours", "", None, "w", "m", 16000, 4_012_345)
FLOOR = ModuleFacts("logmel", "benchmark.baselines.logmel", "", None, "w", "m", 16000, 0)
STAND_IN = ModuleFacts("panns | ours", "pkg.panns", "", "not official", "w", "m", 16000, 99)


def _cell(module: ModuleFacts, task: TaskFacts, *values: float) -> Cell:
    folds = [FoldScores(f"fold{i}", {task.score: value}, 0, 0) for i, value in enumerate(values)]
    return replace(CELL, module=module, task=task, folds=folds, reason=None)


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
    assert ours == ["ours", "**0.900** ± 0.100", "**0.300**", "**0.400**", "0.533", "4.0 M", "20"]
    assert floor == ["logmel", "0.100 ± 0.000", "nan", "**0.400**", "nan", "0", "20"]
    assert "grid `faster`" in markdown
    assert "seed 42" in markdown
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
    assert "mean" not in markdown
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
    assert leaderboard_csv(board).splitlines() == [
        "label,module,checkpoint,scenes-v1:top1_acc,pitch-v1:pitch_acc,mean_of_task_scores,"
        "parameters,audio_seconds_per_second,note,notices",
        f"ours,pkg.ours,,{1 / 3},1.0,{2 / 3},4012345,20.0,,scenes-v1: synthetic",
        "panns | ours,pkg.panns,,0.5,,,99,20.0,not official,scenes-v1: synthetic",
    ]


def test_a_grid_of_the_tasks_own_is_named() -> None:
    own = replace(PITCH, own_grid="batch_size, max_epochs")
    notes = leaderboard_markdown(Leaderboard.of([_cell(OURS, own, 0.4)]), "Leaderboard: test")
    assert "- pitch-v1: the task's own metadata sets batch_size, max_epochs of the heads" in notes
