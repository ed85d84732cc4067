"""A results folder of made-up models on HEAR's tasks, to measure `msbench report` and its page.

    python -m tests.bench.wide_board --rows 40 --tasks 19 --out DIR
    msbench report DIR

Tasks have HEAR's names, scores, numbers of clips and of folds, so that the published leaderboard's
34 rows join them: 40 rows make a page of 74. Only the predictions are made up. A model has a skill
and a task a level; a clip that is hard is hard for all models.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.events.table import EventTable
from benchmark.protocol import Protocol
from benchmark.results.cell_files import cell_path, save_cell
from benchmark.results.cells import Cell, Cost, FoldScores, ModuleFacts, TaskFacts
from benchmark.results.predictions import (
    EventPredictions,
    Predictions,
    ScenePredictions,
    predictions_file,
)
from benchmark.scores import as_logged, event_score, scene_score
from benchmark.tasks.catalogue.hear_tasks import HearTask, hear_tasks

TEST_CLIPS = 300  # of a task, over its folds; few of HEAR's tasks have fewer
CLASSES = 10
EVENTS = 4  # of each clip of an event task
SPACING_MS = 2000.0  # from one onset to the next
NOTICE = "made up by tests.bench.wide_board, to measure the page"
MOST_TASKS = len(hear_tasks())


def write_board(out: Path, rows: int, tasks: int, clips: int = TEST_CLIPS) -> None:
    """Write finished cells with predictions; `msbench report` makes the tables.

    Args:
        out: Results folder, new or empty.
        rows: Number of models.
        tasks: Number of tasks, the first ones of HEAR's 19.
        clips: Test clips of each task.

    Raises:
        ValueError: The folder has cells, or a number is out of range.
    """
    if rows < 1 or clips < 1 or not 1 <= tasks <= MOST_TASKS:
        raise ValueError(f"give at least one row and clip, and 1 to {MOST_TASKS} tasks")
    if (out / "cells").exists():
        raise ValueError(f"{out} has cells already: give another folder")
    rng = np.random.default_rng(0)
    models = [_model(rng, row) for row in range(rows)]
    speeds = 10 ** rng.uniform(1, 3, rows)
    skills = rng.normal(0, 0.5, rows)
    for task in hear_tasks()[:tasks]:
        level = rng.uniform(0.3, 1.3)
        hard = np.array_split(rng.normal(0, 1, clips), task.folds)
        for model, speed, skill in zip(models, speeds, skills, strict=True):
            ease = level + skill + rng.normal(0, 0.1)
            predictions = _predictions(rng, task, [ease - fold for fold in hard])
            _save(out, model, speed, task, predictions)


def _model(rng: np.random.Generator, row: int) -> ModuleFacts:
    size = int(10 ** rng.uniform(5, 8))
    name = f"encoder_{row:02d}"
    return ModuleFacts(name, f"made_up.{name}", "", None, "w", name, 16000, size, 512, 512)


def _predictions(
    rng: np.random.Generator, task: HearTask, ease: Sequence[NDArray[np.float64]]
) -> Predictions:
    """Of one model; ``ease`` has a number for each clip of each fold."""
    vocabulary = tuple(str(60 + index) for index in range(CLASSES))  # as MIDI notes are named
    names = [f"fold{index:02d}" for index in range(task.folds)]
    clips = [
        tuple(f"{name}-{clip:04d}.wav" for clip in range(len(fold)))
        for name, fold in zip(names, ease, strict=True)
    ]
    folds = zip(names, clips, ease, strict=True)
    if task.kind == "event":
        return Predictions(vocabulary, tuple(_events(rng, *fold) for fold in folds))
    return Predictions(vocabulary, tuple(_scenes(rng, *fold) for fold in folds))


def _scenes(
    rng: np.random.Generator, name: str, clips: tuple[str, ...], ease: NDArray[np.float64]
) -> ScenePredictions:
    targets = np.eye(CLASSES, dtype=np.float32)[np.arange(len(clips)) % CLASSES]
    logits = rng.normal(0, 0.7, targets.shape) + targets * (ease + 1)[:, None]
    return ScenePredictions(name, clips, (1 / (1 + np.exp(-logits))).astype(np.float32), targets)


def _events(
    rng: np.random.Generator, name: str, clips: tuple[str, ...], ease: NDArray[np.float64]
) -> EventPredictions:
    """An event that is not found is put between two others, so that it is a false alarm too."""
    clip = np.repeat(np.arange(len(clips)), EVENTS)
    label = np.arange(len(clip)) % CLASSES
    onset = np.tile(np.arange(EVENTS) * SPACING_MS, len(clips))
    found = rng.random(len(clip)) < 1 / (1 + np.exp(-np.repeat(ease, EVENTS)))
    moved = onset + np.where(found, rng.uniform(0, 20, len(clip)), SPACING_MS / 2)
    return EventPredictions(
        name,
        clips,
        predicted=EventTable(clip, label, moved, moved + 500),
        reference=EventTable(clip, label, onset, onset + 500),
    )


def _save(
    out: Path, model: ModuleFacts, speed: float, task: HearTask, predictions: Predictions
) -> None:
    file = predictions_file(predictions)
    predicted: Sequence[ScenePredictions | EventPredictions] = predictions.folds
    values = [_score(task.metric, fold) for fold in predicted]
    folds = [
        FoldScores(fold.fold, {task.metric: value}, value, 3)
        for fold, value in zip(predicted, values, strict=True)
    ]
    clips = task.clips or 1
    audio = 5.0 * clips
    cost = Cost(512, clips, audio, audio / speed, audio / speed, False, 60.0, 700_000_000)
    cell = Cell(
        module=model,
        task=TaskFacts(task.task, task.kind, task.metric, NOTICE, task.folds),
        protocol=Protocol("default"),
        task_hash=task.task,
        reason=None,
        folds=folds,
        cost=cost,
        predictions_hash=hashlib.sha256(file).hexdigest(),
        machine="made up",
        date="2026-01-01T00:00:00+00:00",
    )
    save_cell(cell_path(out, cell), cell, file)


def _score(name: str, fold: ScenePredictions | EventPredictions) -> float:
    """As a run keeps it: `msbench report` works it out again and leaves out what differs."""
    if isinstance(fold, EventPredictions):
        scores = event_score(name)(fold.reference, fold.predicted)
        return as_logged(name, next(iter(scores.values())))
    return as_logged(name, scene_score(name)(fold.probabilities, fold.targets))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=40, metavar="N", help="models [%(default)s]")
    parser.add_argument(
        "--tasks",
        type=int,
        default=MOST_TASKS,
        metavar="N",
        help=f"1 to {MOST_TASKS} [%(default)s]",
    )
    parser.add_argument(
        "--clips", type=int, default=TEST_CLIPS, metavar="N", help="of each task [%(default)s]"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new folder")
    chosen = parser.parse_args(arguments)
    try:
        write_board(chosen.out, chosen.rows, chosen.tasks, chosen.clips)
    except ValueError as error:
        parser.error(str(error))
    print(f"{chosen.rows} models on {chosen.tasks} tasks. Now: msbench report {chosen.out}")


if __name__ == "__main__":
    main()
