"""The protocol: how heads are trained and judged. Scores compare only under equal protocols."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Mode = Literal["exact", "fast"]
Rules = Literal["published", "strict"]

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
    """

    grid: str
    seed: int = SEED
    mode: Mode = "fast"
    rules: Rules = "published"
    grid_points: int = GRID_POINTS
    version: int = VERSION

    @property
    def name(self) -> str:
        """Short text for file names: ``default-42-fast``, ``default-42-fast-strict``."""
        parts = [self.grid, str(self.seed), self.mode]
        if self.rules != "published":
            parts.append(self.rules)
        if self.grid_points != GRID_POINTS:
            parts.append(f"{self.grid_points}points")
        return "-".join(parts)


def parameter_points(grid: Mapping[str, Sequence[object]]) -> list[dict[str, Any]]:
    """Every combination of values: keys are sorted, and the last one changes fastest.

    Source: sklearn.model_selection.ParameterGrid, which upstream draws from.
    """
    keys = sorted(grid)
    values = itertools.product(*(grid[key] for key in keys))
    return [dict(zip(keys, chosen, strict=True)) for chosen in values]
