"""The protocol: how heads are trained and judged. Scores compare only under equal protocols."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Mode = Literal["exact", "fast"]
Rules = Literal["published", "strict"]
Probe = Literal["mlp", "linear", "knn"]

VERSION = 2  # raised when heads or scores change so that old cells must be made again
SEED = 42  # heareval.predictions.task_predictions.task_predictions: seed_everything(42)
GRID_POINTS = 8  # heareval.predictions.runner --grid-points


@dataclass(frozen=True)
class Protocol:
    """Everything that a score depends on beside embeddings and labels.

    Attributes:
        grid: Hyperparameters of the heads: ``"default"``, ``"fast"`` or ``"faster"``.
        seed: For the grid's order, initialisation and dropout.
        mode: ``"exact"`` reproduces hear-eval-kit's arithmetic and order of random draws;
            ``"fast"`` trains the grid's points together, in other arithmetic and with other draws,
            to scores within upstream's seed-to-seed spread.
        rules: ``"published"`` keeps the faults on which the published numbers depend;
            ``"strict"`` corrects them (see `benchmark.heads.evaluate`).
        grid_points: Points of the grid that are tried.
        version: Of the code behind all this.
        limit: Clips per split at most, chosen by `benchmark.tasks.limit`; None for all clips.
        probe: What reads the embeddings: ``"mlp"`` is HEAR's head, ``"linear"`` logistic
            regression, ``"knn"`` nearest neighbours. The last two have no grid and no mode.
        shots: Clips of each class to train on, and as many to validate on, drawn by the seed; None
            for all clips.
    """

    grid: str
    seed: int = SEED
    mode: Mode = "fast"
    rules: Rules = "published"
    grid_points: int = GRID_POINTS
    version: int = VERSION
    limit: int | None = None
    probe: Probe = "mlp"
    shots: int | None = None

    def __post_init__(self) -> None:
        """Check the numbers, and leave grid and mode out where the probe has neither.

        Raises:
            ValueError: A limit or a number of shots below 1.
        """
        for name, value in (("limit", self.limit), ("shots", self.shots)):
            if value is not None and value < 1:
                raise ValueError(f"{name} is {value}, but must be at least 1")
        if self.probe != "mlp":  # equal scores are to stand in one table
            object.__setattr__(self, "grid", "default")
            object.__setattr__(self, "mode", "fast")

    @property
    def variant(self) -> str:
        """What makes scores another kind than HEAR's, for names; ``""`` or ``linear-4shots``."""
        parts = [
            *([self.probe] if self.probe != "mlp" else []),
            *([f"{self.shots}shots"] if self.shots is not None else []),
            *([f"limit{self.limit}"] if self.limit is not None else []),
        ]
        return "-".join(parts)

    @property
    def name(self) -> str:
        """Short text for file names: ``default-42-fast``, ``default-42-fast-strict``."""
        parts = [self.grid, str(self.seed), self.mode]
        if self.rules != "published":
            parts.append(self.rules)
        if self.grid_points != GRID_POINTS:
            parts.append(f"{self.grid_points}points")
        if self.variant:
            parts.append(self.variant)
        return "-".join(parts)


def parameter_points(grid: Mapping[str, Sequence[object]]) -> list[dict[str, Any]]:
    """Every combination of values: keys are sorted, and the last one changes fastest.

    Source: sklearn.model_selection.ParameterGrid, which upstream draws from.
    """
    keys = sorted(grid)
    values = itertools.product(*(grid[key] for key in keys))
    return [dict(zip(keys, chosen, strict=True)) for chosen in values]
