"""hear-eval-kit's predictions, run as it is and measured from outside."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.speed.cost import Cost, run_measured

# What heareval.predictions.runner writes; with the first in place it skips the task.
DONE = "prediction-done.json"
SCORES = "test.predicted-scores.json"
OUTPUTS = (DONE, SCORES, "prediction.log")


@dataclass(frozen=True)
class UpstreamRun:
    """One run of upstream on one task.

    Attributes:
        whole: Cost of the process.
        own_wall: What its own clock showed for the task, seconds; imports are not in it.
        score: The task's first test score (mean over folds).
    """

    whole: Cost
    own_wall: float
    score: float


def upstream_start(command: Sequence[str]) -> Cost:
    """Cost of upstream's imports: ``--help`` does them all and nothing else."""
    return run_measured([*command, "--help"])[1]


def upstream_run(command: Sequence[str], folder: Path, grid: str, grid_points: int) -> UpstreamRun:
    """Let upstream train and score the heads of one task.

    Args:
        command: What runs ``heareval.predictions.runner``, without arguments.
        folder: Embeddings; upstream gets a copy, since it writes beside them.
        grid: Grid by name.
        grid_points: How many of its points are tried.

    Raises:
        ValueError: Upstream failed, or left no scores.
    """
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "embeddings" / "module" / folder.resolve().name
        copy.mkdir(parents=True)
        for file in folder.iterdir():  # its folders, one per split, hold clips that nobody reads
            if file.is_file() and file.name not in OUTPUTS and "predictions" not in file.name:
                shutil.copyfile(file, copy / file.name)
        arguments = [os.fspath(copy), "--grid", grid, "--grid-points", str(grid_points)]
        _, whole = run_measured([*command, *arguments], cwd=Path(place))
        for name in (SCORES, DONE):
            if not (copy / name).is_file():
                raise ValueError(f"{' '.join(command)} left no {name} for {folder}.")
        return UpstreamRun(
            whole=whole,
            own_wall=_json(copy / DONE)["time"],
            score=test_score(_json(copy / SCORES)),
        )


def _json(file: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return facts


def test_score(scores: dict[str, Any]) -> float:
    """The first score in upstream's test.predicted-scores.json; of k folds their mean."""
    if "aggregated_scores" in scores:
        return float(scores["aggregated_scores"]["test_score_mean"])
    return float(scores["test"]["test_score"])
