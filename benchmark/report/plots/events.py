"""Events of the best and worst test files: labels and predictions below the spectrogram.

The spectrogram is drawn if the task's audio is there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from benchmark.baselines.panns.mel import hz_to_mel, mel_matrix
from benchmark.events.table import EventTable
from benchmark.report.numbers import score_text
from benchmark.report.plots.style import FAINT, INK, Look, short, styled
from benchmark.results.cells import better
from benchmark.results.predictions import EventPredictions, Predictions
from benchmark.statistics.event_scores import event_counts, segment_counts
from benchmark.tasks.audio import read_clip
from benchmark.tasks.find import find_tasks
from benchmark.tasks.task import Task


class FileEvents(NamedTuple):
    """One test file.

    Attributes:
        fold: Its split.
        clip: Its file name.
        score: The task's first score of this file alone.
        remark: The counts behind it.
        reference: Events of the labels.
        predicted: Events of the head.
    """

    fold: str
    clip: str
    score: float
    remark: str
    reference: EventTable
    predicted: EventTable


def best_and_worst(predictions: Predictions, score: str) -> list[FileEvents]:
    """The best file and the worst; one if there is no other, none if no file can be scored.

    Args:
        predictions: Of one model on an event task.
        score: The task's first score.
    """
    folds = [fold for fold in predictions.folds if isinstance(fold, EventPredictions)]
    files = [file for fold in folds for file in _files(fold, score)]
    sign = -1 if better(score) == "higher" else 1
    scored = [file for file in files if not math.isnan(file.score)]
    ordered = sorted(scored, key=lambda file: (sign * file.score, file.clip))
    return ordered if len(ordered) < 2 else [ordered[0], ordered[-1]]


def _files(fold: EventPredictions, score: str) -> Sequence[FileEvents]:
    count = len(fold.clips)
    if score == "segment_1s_er":
        found = [
            (_ratio(errors, seconds), f"{errors} wrong for {seconds} s of events")
            for errors, seconds in segment_counts(
                score, count, fold.reference, fold.predicted
            ).tolist()
        ]
    else:
        found = [
            (
                _ratio(2 * hits, predicted + reference),
                f"{hits} of {reference} events found, {predicted - hits} others predicted",
            )
            for hits, predicted, reference in event_counts(
                score, count, fold.reference, fold.predicted
            ).tolist()
        ]
    return [
        FileEvents(
            fold.fold,
            clip,
            *found[row],
            _of_clip(fold.reference, row),
            _of_clip(fold.predicted, row),
        )
        for row, clip in enumerate(fold.clips)
    ]


def _ratio(above: int, below: int) -> float:
    return above / below if below else math.nan


def _of_clip(table: EventTable, clip: int) -> EventTable:
    rows = np.flatnonzero(table.clip == clip)
    columns = (table.clip, table.label, table.onset_ms, table.offset_ms)
    return EventTable(*(column[rows] for column in columns))  # type: ignore[arg-type]


BANDS = 96
LOWEST = 50.0  # Hz
WINDOW = 0.04  # s
LEAST_HOP = 0.01  # s
FRAMES = 1500  # at most: about one per pixel of the picture
RANGE = 70.0  # dB below the loudest that is still told apart


class Spectrogram(NamedTuple):
    """Mel power in dB.

    Attributes:
        power: float32, shape (bands, frames), dB below the loudest, at least -RANGE.
        seconds: Length of the clip.
        edges: Mel values of the lowest and the highest band's edge.
    """

    power: NDArray[np.float32]
    seconds: float
    edges: tuple[float, float]


def log_mel(audio: NDArray[np.float32], sample_rate: int) -> Spectrogram:
    """Log-mel spectrogram; long clips get fewer frames, each still of a window's samples.

    Args:
        audio: Mono, float32, shape (samples,).
        sample_rate: Hz.
    """
    window = hann(round(WINDOW * sample_rate), sym=False)
    hop = max(round(LEAST_HOP * sample_rate), -(-len(audio) // FRAMES))
    size = 2 ** int(np.ceil(np.log2(len(window))))
    transform = ShortTimeFFT(window, hop, sample_rate, mfft=size)
    # A clip shorter than a window cannot be cut into frames.
    padded = np.pad(audio, (0, max(0, len(window) - len(audio))))
    power = transform.spectrogram(padded)
    filters = mel_matrix(sample_rate, size, BANDS, LOWEST, sample_rate / 2)
    mel = np.maximum(filters.T @ power, 1e-12)
    decibels = 10.0 * np.log10(mel / mel.max())
    edges = hz_to_mel(LOWEST), hz_to_mel(sample_rate / 2)
    shown = np.maximum(decibels, -RANGE).astype(np.float32)
    return Spectrogram(shown, len(audio) / sample_rate, edges)


def frequency_ticks(edges: tuple[float, float]) -> tuple[list[float], list[str]]:
    """Places on the mel axis and their names: octaves from 250 Hz on."""
    ticks = [(hz_to_mel(hertz), hertz) for hertz in (250.0 * 2**octave for octave in range(8))]
    inside = [(place, hertz) for place, hertz in ticks if edges[0] <= place <= edges[1]]
    names = [f"{hertz / 1000:g}k" if hertz >= 1000 else f"{hertz:g}" for _, hertz in inside]
    return [place for place, _ in inside], names


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


def clip_spectrogram(
    tasks_dir: Path | None, task: str, file: FileEvents, sample_rate: int | None
) -> Spectrogram | None:
    """Spectrogram of a file at the sample rate at which the model heard it.

    Args:
        tasks_dir: Folder of tasks, or one task.
        task: Full name of the task.
        file: The file.
        sample_rate: Hz.

    Returns:
        None without a folder of tasks, or if it lacks this task.

    Raises:
        FileNotFoundError, ValueError: The task is there, but not this clip, or it cannot be read.
    """
    if tasks_dir is None or sample_rate is None:
        return None
    tasks = [found for found in find_tasks(tasks_dir) if isinstance(found, Task)]
    found = next((one for one in tasks if one.full_name == task), None)
    if found is None:
        return None
    return log_mel(read_clip(found, file.fold, file.clip, sample_rate), sample_rate)
