"""Few-shot curves: score against the number of training clips of each class."""

from __future__ import annotations

import io
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from benchmark.report.few_shot import FewShotScore
from benchmark.report.plots.style import looks, short, styled
from benchmark.results.cells import ModuleFacts

DPI = 144  # pixels per inch


@styled
def few_shot_png(curve: Sequence[FewShotScore]) -> bytes:
    """The picture as a PNG file; equal curves have equal files."""
    file = io.BytesIO()
    few_shot_figure(curve).savefig(file, format="png", dpi=DPI, metadata={"Software": None})
    return file.getvalue()


@styled
def few_shot_figure(curve: Sequence[FewShotScore]) -> Figure:
    """A panel per task, a line per row; bars are 95 % intervals."""
    tasks = list(dict.fromkeys(point.task for point in curve))
    figure = Figure(figsize=(1.6 + 4.2 * len(tasks), 3.8), layout="constrained")
    panels = figure.subplots(1, len(tasks), squeeze=False)[0]
    for panel, task in zip(panels, tasks, strict=True):
        _draw(panel, [point for point in curve if point.task == task])
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center")
    return figure


def _draw(panel: Axes, points: Sequence[FewShotScore]) -> None:
    labels = {point.label: ModuleFacts(point.label, point.module, "") for point in points}
    look = looks(labels.values())
    numbers = sorted({point.shots for point in points})
    for place, label in enumerate(labels):
        own = [p for p in points if p.label == label and p.value is not None]
        # Beside each other, so that no interval hides another.
        aside = 1.06 ** (place - (len(labels) - 1) / 2)
        values = [p.value or 0.0 for p in own]
        panel.errorbar(
            [p.shots * aside for p in own],
            values,
            [
                [
                    value - (value if p.low is None else p.low)
                    for p, value in zip(own, values, strict=True)
                ],
                [
                    (value if p.high is None else p.high) - value
                    for p, value in zip(own, values, strict=True)
                ],
            ],
            label=short(label, lines=2),
            color=look[label].colour,
            marker=look[label].marker,
            markerfacecolor=look[label].face,
            linewidth=1.4,
            capsize=2.0,
        )
    panel.set_xscale("log")
    panel.xaxis.set_major_locator(FixedLocator(numbers))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.set_xticklabels(map(str, numbers))
    panel.set_xlabel("training clips of each class (log scale)")
    arrow = "↑" if points[0].better == "higher" else "↓"
    panel.set_ylabel(f"{points[0].score} {arrow} (bars: 95 % interval)")
    panel.set_title(short(points[0].task, 40, 2))
    panel.grid(axis="y")
