"""A panel per task, rows by score, floors, intervals, and what has no score."""

import math
from dataclasses import replace

import numpy as np

from benchmark.report.plots.scores import scores_figure
from benchmark.report.standings import Leaderboard
from tests.benchmark.report.demo import demo_standings, failed_demo, part_of_demo
from tests.benchmark.report.plots.drawn import panels, rows, texts

PANNS = "panns-cnn6 (ours, same data, not official)"


def test_a_panel_per_task_with_the_best_row_on_top() -> None:
    standings = demo_standings()
    found = panels(scores_figure(standings))
    assert [panel.get_title("left").split("\n")[0] for panel in found] == [
        task.task for task in standings.board.tasks
    ]
    for panel, task in zip(found, standings.board.tasks, strict=True):
        scores = {
            module.label: standings.standings[module.label, task.task].entry.primary
            for module in standings.board.modules
        }
        known = sorted((label for label in scores if scores[label] is not None), key=scores.get)
        assert rows(panel)[: len(known)] == known[::-1]
    pitch = found[-1]
    assert pitch.get_title("left").endswith("pitch_acc ↑")
    assert rows(pitch) == ["logmel", "multi", "cola", "random", PANNS, "5 published"]


def test_points_and_bars_are_where_scores_and_intervals_are() -> None:
    standings = demo_standings()
    (panel, *_), task = panels(scores_figure(standings)), standings.board.tasks[0]
    lines = [line.get_xdata() for line in panel.lines]
    for row, label in enumerate(rows(panel)[:-1]):
        standing = standings.standings[label, task.task]
        at_row = [
            np.ravel(line.get_xdata()).tolist()
            for line in panel.lines
            if np.ravel(line.get_ydata()).tolist() in ([row], [row, row])
        ]
        assert list(standing.interval) in at_row
        assert [standing.entry.primary] in at_row
    floor = standings.standings["logmel", task.task].entry.primary
    assert any(list(line) == [floor, floor] for line in lines)


def test_rows_that_nobody_beats_are_bold() -> None:
    standings = demo_standings()
    for panel, task in zip(panels(scores_figure(standings)), standings.board.tasks, strict=True):
        bold = {
            label
            for label, tick in zip(rows(panel), panel.get_yticklabels(), strict=True)
            if tick.get_fontweight() == "bold"
        }
        assert bold == {
            module.label
            for module in standings.board.modules
            if standings.is_best(module.label, task.task)
        }


def test_what_has_no_score_says_why() -> None:
    words = texts(scores_figure(demo_standings()))
    assert words.count("failed") == 1  # random, on one task
    assert {"failed"} <= set(texts(scores_figure(failed_demo())))


def test_undefined_and_infinite_scores_are_written_and_not_drawn() -> None:
    for value, word in ((math.nan, "nan"), (math.inf, "inf")):
        standings = _with_score(part_of_demo(2, 1), "multi", value)
        assert word in texts(scores_figure(standings))


def test_one_model_on_one_task_and_smaller_is_better() -> None:
    standings = part_of_demo(1, 1)
    (task,) = standings.board.tasks
    error = replace(task, score="segment_1s_er")
    cells = {
        key: replace(
            entry,
            cells=tuple(
                replace(
                    cell,
                    task=error,
                    folds=[replace(f, scores={error.score: 0.5}) for f in cell.folds],
                )
                for cell in entry.cells
            ),
        )
        for key, entry in standings.board.entries.items()
    }
    board = replace(standings.board, tasks=[error], entries=cells)
    places = {key: replace(place, entry=cells[key]) for key, place in standings.standings.items()}
    (panel,) = panels(scores_figure(replace(standings, board=board, standings=places)))
    left, right = panel.get_xlim()
    assert left > right  # the better side is the right one
    assert panel.get_title("left").endswith("segment_1s_er ↓")


def _with_score(standings: Leaderboard, label: str, value: float) -> Leaderboard:
    (task,) = standings.board.tasks
    place = standings.standings[label, task.task]
    cells = tuple(
        replace(cell, folds=[replace(fold, scores={task.score: value}) for fold in cell.folds])
        for cell in place.entry.cells
    )
    entry = replace(place.entry, cells=cells)
    board = replace(standings.board, entries={**standings.board.entries, (label, task.task): entry})
    changed = replace(place, entry=entry, interval=None)
    return replace(
        standings, board=board, standings={**standings.standings, (label, task.task): changed}
    )
