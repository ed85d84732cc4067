"""How hard the embedded suite is: the table in docs/embedded_suite.md.

    python -m tests.bench.suite_difficulty RESULTS_DIR

fills it anew from a folder of ``msbench run`` (its cells, with predictions), between the marks
``<!-- difficulty -->`` and ``<!-- /difficulty -->``.
"""

import re
import sys
from pathlib import Path

import numpy as np

from benchmark.report.standings import Leaderboard, Standing, read_leaderboard
from benchmark.report.tables.markdown import escape, markdown_table
from benchmark.results.predictions import EventPredictions, Predictions, load_predictions
from benchmark.tasks.embedded.recipe import Recipe
from benchmark.tasks.embedded.suite import RECIPES
from tests import ROOT

PAGE = ROOT / "docs" / "embedded_suite.md"
BLOCK = re.compile(r"(<!-- difficulty -->\n).*?(<!-- /difficulty -->)", re.DOTALL)
BLIND_STEP = 0.4  # s: onsets this far apart leave none further than 200 ms away


def chance(predictions: Predictions, seconds: float) -> float:
    """Score of the best answer that never hears a clip, from the classes of the test split.

    With a label a clip, the commonest class. With events, an onset of a class every 400 ms: every
    event of the class is hit, as two of one class are at least half a second apart.
    """
    (fold,) = predictions.folds
    if not isinstance(fold, EventPredictions):
        return float(fold.targets.sum(axis=0).max() / len(fold.clips))
    counts = np.sort(np.bincount(fold.reference.label, minlength=len(predictions.vocabulary)))
    hits = np.cumsum(counts[::-1])  # answering the commonest class, the two commonest, ...
    answers = np.arange(1, len(hits) + 1) * len(fold.clips) * round(seconds / BLIND_STEP)
    return float((2 * hits / (counts.sum() + answers)).max())


def difficulty(results: Path) -> str:
    """The table, worst row first.

    Raises:
        FileNotFoundError: No cells, or none of this version of the suite with predictions.
    """
    standings = read_leaderboard([results])
    blind = ["chance", *(_chance_of(results, recipe) for recipe in RECIPES)]
    rows = [
        [escape(module.label), *(_score(standings, module.label, task.folder) for task in RECIPES)]
        for module in reversed(standings.board.modules)
    ]
    head = ["", *(f"{recipe.folder}<br>{recipe.evaluation[0]}" for recipe in RECIPES)]
    return "\n".join([*markdown_table(head, [blind, *rows]), ""])


def _chance_of(results: Path, recipe: Recipe) -> str:
    found = sorted((results / "cells").glob(f"*__{recipe.folder}__*.npz"))
    if not found:
        raise FileNotFoundError(
            f"{results}/cells: no predictions on {recipe.folder}; msbench run --out {results}"
        )
    return f"{chance(load_predictions(found[0]), recipe.seconds):.3f}"


def _score(standings: Leaderboard, label: str, task: str) -> str:
    standing: Standing | None = standings.standings.get((label, task))
    if standing is None or standing.entry.primary is None:
        return "–"
    text = f"{standing.entry.primary:.3f}"
    if standing.interval is None:
        return text
    return f"{text} [{standing.interval.low:.3f}, {standing.interval.high:.3f}]"


def fill(page: str, table: str) -> str:
    """The page with the table between its marks."""
    filled, count = BLOCK.subn(lambda marks: marks[1] + table + marks[2], page)
    if count != 1:
        raise ValueError(f"the page has {count} places for the table, not one")
    return filled


if __name__ == "__main__":
    PAGE.write_text(
        fill(PAGE.read_text(encoding="utf-8"), difficulty(Path(sys.argv[1]))), encoding="utf-8"
    )
