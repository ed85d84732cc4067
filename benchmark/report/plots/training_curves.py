"""How the chosen heads' validation scores went, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from benchmark.report.plots.style import FAINT, Look, short, styled
from benchmark.results.cells import FoldScores
from benchmark.results.leaderboard import Entry

COLUMNS = 3
PANEL_WIDTH, PANEL_HEIGHT = 3.6, 2.6  # inches


def has_curves(entry: Entry) -> bool:
    """Whether an entry's cells have kept any validation: cells of older versions have not."""
    return any(fold.validation_curve for fold in _folds(entry))


@styled
def training_curves_figure(
    task: str, entries: Mapping[str, Entry], look: Mapping[str, Look]
) -> Figure:
    """A panel per model, a line per fold and seed, a dot at the epoch whose weights were kept.

    Args:
        task: Name.
        entries: By row, in the order in which they are drawn; those that `has_curves`.
        look: Of each row.
    """
    columns = min(COLUMNS, len(entries))
    lines = -(-len(entries) // columns)
    size = (columns * PANEL_WIDTH + 0.6, lines * PANEL_HEIGHT + 1.0)
    figure = Figure(figsize=size, layout="constrained")
    title = f"{short(task, 70, 1)}: training of the chosen heads"
    figure.suptitle(title, x=0.01, ha="left", weight="bold")
    panels = figure.subplots(lines, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for panel, (label, entry) in zip(panels, entries.items(), strict=False):
        folds = _folds(entry)
        for fold in folds:
            _draw_curve(panel, fold, look[label])
        panel.set_title(f"{short(label, 34, 2)}" + (f" ({len(folds)} heads)" if folds[1:] else ""))
        panel.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
        panel.tick_params(labelbottom=True)
        panel.grid()
    panels[0].set_xlim(0, _last_epoch(entries.values()) * 1.05 + 0.5)
    for panel in panels[len(entries) :]:
        panel.set_axis_off()
    figure.supylabel("validation score that chooses the head", fontsize=9)
    remark = "epoch, from 0 (a head per fold and seed; dot: the epoch whose weights were kept)"
    figure.supxlabel(remark, fontsize=9, color=FAINT)
    return figure


def _last_epoch(entries: Iterable[Entry]) -> float:
    folds = [fold for entry in entries for fold in _folds(entry)]
    return max(epoch for fold in folds for epoch, _ in fold.validation_curve)


def _folds(entry: Entry) -> Sequence[FoldScores]:
    return [fold for cell in entry.cells for fold in cell.folds]


def _draw_curve(panel: Axes, fold: FoldScores, look: Look) -> None:
    finite = [(epoch, score) for epoch, score in fold.validation_curve if math.isfinite(score)]
    if not finite:
        return
    panel.plot(*zip(*finite, strict=True), color=look.colour, lw=1.2, alpha=0.8)
    best = dict(finite).get(fold.epoch)
    if best is not None:
        panel.plot(fold.epoch, best, look.marker, ms=5, mec=look.colour, mfc=look.face)
