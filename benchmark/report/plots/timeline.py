"""Events of single files: labels and predictions below the spectrogram."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from benchmark.events.table import EventTable
from benchmark.report.numbers import score_text
from benchmark.report.plots.file_scores import FileEvents
from benchmark.report.plots.log_mel import Spectrogram, frequency_ticks
from benchmark.report.plots.look import FAINT, INK, Look, short, styled

WIDTH, SPECTROGRAM_HEIGHT, CLASS_HEIGHT, LEAST_CLASS_HEIGHT = 12.0, 1.7, 0.3, 0.16  # inches
FEW_CLASSES = 25  # more get the least height, in which names have room
BAR = 0.36  # of a class's line: labels in the upper half, predictions in the lower
LEAST_BAR = 0.002  # of the clip's length, so that the shortest event is seen


@styled
def timeline_figure(
    title: str,
    score: str,
    files: Sequence[tuple[FileEvents, Spectrogram | None]],
    vocabulary: Sequence[str],
    look: Look,
) -> Figure:
    """Timelines of the best file and of the worst.

    Args:
        title: Task and model.
        score: Name of the task's first score.
        files: Best first, each with its spectrogram if there is audio.
        vocabulary: Label of index 0, 1, ...
        look: Of the model.
    """
    classes = [_classes(file) for file, _ in files]
    heights = []
    for (_, spectrogram), shown in zip(files, classes, strict=True):
        heights.append(SPECTROGRAM_HEIGHT if spectrogram else 0.01)
        height = CLASS_HEIGHT if len(shown) <= FEW_CLASSES else LEAST_CLASS_HEIGHT
        heights.append(height * max(len(shown), 2) + 0.3)
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.9 * len(files) + 0.8), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", weight="bold")
    panels = figure.subplots(2 * len(files), 1, height_ratios=heights, squeeze=False).ravel()
    for index, ((file, spectrogram), shown) in enumerate(zip(files, classes, strict=True)):
        above, below = panels[2 * index], panels[2 * index + 1]
        seconds = _seconds(file, spectrogram)
        which = "best" if index == 0 else "worst"
        above.set_title(
            f"{which} test file: {short(file.clip, 60, 1)}, {score} "
            f"{score_text(file.score)} ({file.remark})"
        )
        _draw_spectrogram(above, spectrogram)
        _draw_events(below, file, shown, vocabulary, look, seconds)
    handles = [Patch(color=INK, label="labels"), Patch(color=look.colour, label="predictions")]
    figure.legend(handles=handles, loc="outside lower left", ncols=2)
    return figure


def _classes(file: FileEvents) -> list[int]:
    """Classes that this file's labels or predictions have."""
    labels = [*file.reference.label.tolist(), *file.predicted.label.tolist()]
    return sorted(set(labels))


def _seconds(file: FileEvents, spectrogram: Spectrogram | None) -> float:
    """Length of the clip; without audio, the end of its last event."""
    if spectrogram:
        return spectrogram.seconds
    ends = [*file.reference.offset_ms.tolist(), *file.predicted.offset_ms.tolist()]
    return max(ends, default=1000.0) / 1000.0


def _draw_spectrogram(panel: Axes, spectrogram: Spectrogram | None) -> None:
    if spectrogram is None:
        panel.set_axis_off()
        return
    panel.imshow(
        spectrogram.power,
        cmap="Greys",
        origin="lower",
        aspect="auto",
        extent=(0.0, spectrogram.seconds, *spectrogram.edges),
        interpolation="nearest",
    )
    panel.set_yticks(*frequency_ticks(spectrogram.edges))
    panel.set_ylabel("Hz (mel)")
    panel.tick_params(labelbottom=False)


def _draw_events(
    panel: Axes,
    file: FileEvents,
    classes: Sequence[int],
    vocabulary: Sequence[str],
    look: Look,
    seconds: float,
) -> None:
    for table, top, colour in ((file.reference, -BAR, INK), (file.predicted, 0.0, look.colour)):
        for line, label in enumerate(classes):
            spans = _spans(table, label, seconds * LEAST_BAR)
            panel.broken_barh(spans, (line + top, BAR), facecolor=colour)
    if not len(file.predicted):
        panel.text(seconds, -0.5, "nothing predicted", ha="right", va="bottom", color=FAINT)
    panel.set_yticks(range(len(classes)), [short(vocabulary[label], 20, 1) for label in classes])
    panel.set_ylim(max(len(classes), 1) - 0.4, -0.6)
    panel.set_xlim(0, seconds)
    panel.set_xlabel("seconds")
    panel.tick_params(axis="y", length=0)
    panel.set_yticks(np.arange(len(classes) + 1) - 0.5, minor=True)
    panel.tick_params(axis="y", which="minor", length=0)
    panel.grid(axis="y", which="minor")


def _spans(table: EventTable, label: int, least: float) -> list[tuple[float, float]]:
    """Start and length of a class's events, seconds."""
    rows = table.label == label
    onsets, offsets = table.onset_ms[rows] / 1000.0, table.offset_ms[rows] / 1000.0
    return list(zip(onsets.tolist(), np.maximum(offsets - onsets, least).tolist(), strict=True))
