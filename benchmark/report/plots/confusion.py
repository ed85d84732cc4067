"""Which classes of a scene task a model takes for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmark.report.plots.style import FAINT, LINE, short, styled
from benchmark.results.predictions import Predictions, ScenePredictions

NUMBERED_UP_TO = 12  # classes: larger pictures have no room for a number in every field
NAMED_UP_TO = 100  # classes: above, only every second, third, ... is named
LISTED = 15  # confusions beside the picture
SHARES = (0, 5, 10, 25, 50, 75, 100)  # percent, ticks of the colours
UNSEEN = "#E4E4E4"


def confusion_counts(predictions: Sequence[Predictions]) -> NDArray[np.int64] | None:
    """How many clips of each class (row) were taken for each class (column).

    Args:
        predictions: Of one model on one task: all seeds; their folds are counted together.

    Returns:
        Shape (classes, classes); None where clips do not have exactly one label each.
    """
    folds = [fold for seed in predictions for fold in seed.folds]
    scenes = [fold for fold in folds if isinstance(fold, ScenePredictions)]
    if not scenes or len(scenes) < len(folds):
        return None
    targets = np.concatenate([fold.targets for fold in scenes])
    if (targets.sum(axis=1) != 1).any():
        return None
    guesses = np.concatenate([fold.probabilities for fold in scenes]).argmax(axis=1)
    counts = np.zeros((targets.shape[1],) * 2, np.int64)
    np.add.at(counts, (targets.argmax(axis=1), guesses), 1)
    return counts


@styled
def confusion_figure(
    task: str, label: str, counts: NDArray[np.int64], vocabulary: Sequence[str]
) -> Figure:
    """Shares of each true class, in percent; colours follow their square root, to show small ones.

    Args:
        task: Name.
        label: The model.
        counts: Of `confusion_counts`.
        vocabulary: Label of index 0, 1, ...
    """
    classes = len(vocabulary)
    side = 2.6 + min(max(0.19 * classes, 0.36 * min(classes, NUMBERED_UP_TO)), 19.0)  # inches
    figure = Figure(figsize=(side + 3.2, side), layout="constrained")
    panel, beside = figure.subplots(1, 2, width_ratios=[side, 2.8])
    shares = _percent(counts)
    image = panel.imshow(
        np.ma.masked_invalid(shares),
        cmap=colormaps["Blues"].with_extremes(bad=UNSEEN),
        norm=PowerNorm(0.5, 0, 100),
        interpolation="nearest",
    )
    _name_classes(panel, vocabulary)
    if classes <= NUMBERED_UP_TO:
        _write_numbers(panel, shares)
    right = np.trace(counts) / max(counts.sum(), 1)
    figure.suptitle(
        f"{short(task, 60, 1)}: classes confused by {short(label, 60, 1)}\n"
        f"{counts.sum():,} test clips, {100 * right:.1f} % right",
        x=0.01,
        ha="left",
        weight="bold",
    )
    place = beside.inset_axes((0.0, 0.0, 0.97, 0.025))
    figure.colorbar(image, cax=place, orientation="horizontal", ticks=SHARES)
    place.set_title("% of the true class's clips", weight="normal", fontsize=9)
    _list_confusions(beside, shares, vocabulary)
    return figure


def _percent(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Rows as percent; NaN for classes without clips."""
    clips = counts.sum(axis=1, keepdims=True)
    return np.where(clips > 0, 100.0 * counts / np.maximum(clips, 1), np.nan)


def _name_classes(panel: Axes, vocabulary: Sequence[str]) -> None:
    classes = len(vocabulary)
    named = range(0, classes, -(-classes // NAMED_UP_TO))
    names = [short(vocabulary[index], 22, 1) for index in named]
    size = 9 if classes <= 30 else 7.5
    panel.set_xticks(named, names, rotation=90, fontsize=size)
    panel.set_yticks(named, names, fontsize=size)
    panel.set_xlabel("predicted class")
    panel.set_ylabel("true class")
    panel.set_xticks(np.arange(classes + 1) - 0.5, minor=True)
    panel.set_yticks(np.arange(classes + 1) - 0.5, minor=True)
    panel.grid(which="minor", lw=0.4, color=LINE)
    panel.tick_params(which="both", length=0)


def _write_numbers(panel: Axes, shares: NDArray[np.float64]) -> None:
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.5:
            colour = "white" if share > 40 else "black"
            panel.text(
                column, row, f"{share:.0f}", ha="center", va="center", color=colour, fontsize=8
            )


def _list_confusions(beside: Axes, shares: NDArray[np.float64], vocabulary: Sequence[str]) -> None:
    """The most frequent confusions in words."""
    wrong = np.where(np.eye(len(shares), dtype=bool), 0.0, np.nan_to_num(shares))
    order = np.argsort(-wrong, axis=None, kind="stable")[:LISTED]
    pairs = [divmod(int(index), len(shares)) for index in order]
    pairs = [pair for pair in pairs if wrong[pair] >= 0.5]
    numbers = [f"{wrong[pair]:.0f} %" for pair in pairs]
    names = [" → ".join(short(vocabulary[index], 20, 1) for index in pair) for pair in pairs]
    beside.set_axis_off()
    beside.set_title("Most often confused")
    plain: dict[str, Any] = {"va": "top", "transform": beside.transAxes, "linespacing": 1.6}
    beside.text(0.14, 1, "\n".join(numbers), ha="right", **plain)
    beside.text(0.2, 1, "\n".join(names) or "Nothing is confused.", **plain)
    if np.isnan(shares).any():
        remark = "Grey rows: no test clip of the class."
        beside.text(0, 0.12, remark, transform=beside.transAxes, color=FAINT)
