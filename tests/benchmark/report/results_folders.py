"""Results folders as a run leaves them, with predictions made up clip by clip."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.protocol import Protocol
from benchmark.results.cell_files import cell_path, save_cell
from benchmark.results.cells import Cell, Cost, FoldScores, ModuleFacts, TaskFacts
from benchmark.results.predictions import Predictions, ScenePredictions, predictions_file

OURS = ModuleFacts("ours", "pkg.ours", "", None, "w1", "m1", 16000, 4_012_345, 1024, 512)
OTHER = ModuleFacts("other", "pkg.other", "", None, "w2", "m2", 16000, 99_000, 64, 64)
FLOOR = ModuleFacts("logmel", "benchmark.baselines.logmel", "", None, "w3", "m3", 16000, 0, 64, 64)

SCENES = TaskFacts("scenes-v1", "scene", "top1_acc")
PITCH = TaskFacts("pitch-v1", "pitch", "pitch_acc")

COST = Cost(1024, 30, 60.0, 4.0, 3.0, False, 5.0, 700_000_000)
CLASSES = 3


def hit(*counts: tuple[int, int]) -> list[list[bool]]:
    """Of each fold, which clips are hit: (3, 4) is three hits and a miss."""
    return [[index < hits for index in range(clips)] for hits, clips in counts]


def write_cell(
    folder: Path,
    module: ModuleFacts,
    task: TaskFacts,
    folds: Sequence[Sequence[bool]],
    protocol: Protocol | None = None,
    **changes: object,
) -> Path:
    """Write a finished cell of a task that is scored by hits, and its predictions.

    Args:
        folder: Results folder.
        module: Row.
        task: Column; its first score counts hits.
        folds: Which clips are hit, of each fold.
        protocol: By default HEAR's.
        changes: Other fields of the cell.
    """
    predictions = Predictions(
        tuple("abc"), tuple(_fold(f"fold{index}", hits) for index, hits in enumerate(folds))
    )
    file = predictions_file(predictions)
    cell = Cell(
        module=module,
        task=replace(task, folds=len(folds)),
        protocol=protocol or Protocol("default"),
        task_hash=f"hash of {task.task}",
        reason=None,
        folds=[
            FoldScores(f"fold{index}", {task.score: float(np.mean(hits))}, 0.5, 3)
            for index, hits in enumerate(folds)
        ],
        cost=COST,
        predictions_hash=hashlib.sha256(file).hexdigest(),
        machine="box",
        date="2026-01-01T00:00:00+00:00",
    )
    cell = replace(cell, **changes)
    path = cell_path(folder, cell)
    save_cell(path, cell, file)
    return path


def write_failure(
    folder: Path,
    module: ModuleFacts,
    task: TaskFacts,
    reason: str,
    protocol: Protocol | None = None,
) -> Path:
    """Write a failed cell."""
    cell = Cell(module, task, protocol or Protocol("default"), "", reason, machine="box")
    path = cell_path(folder, cell)
    save_cell(path, cell)
    return path


def _fold(name: str, hits: Sequence[bool]) -> ScenePredictions:
    targets = np.eye(CLASSES, dtype=np.float32)[np.arange(len(hits)) % CLASSES]
    wrong = np.roll(targets, 1, axis=1)
    guesses = np.where(np.array(hits)[:, None], targets, wrong) * 0.8 + 0.1
    clips = tuple(f"{name}-{index}.wav" for index in range(len(hits)))
    return ScenePredictions(name, clips, guesses.astype(np.float32), targets)
