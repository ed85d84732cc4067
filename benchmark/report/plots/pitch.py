"""Errors of a pitch task in semitones: by note, by instrument, clip by clip."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator
from numpy.typing import NDArray

from benchmark.report.plots.style import FAINT, Look, short, styled
from benchmark.results.predictions import Predictions, ScenePredictions
from benchmark.scores.accuracy import CHROMAS

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


class NoteErrors(NamedTuple):
    """Clips of all folds and seeds.

    Attributes:
        midi: int64, shape (clips,), MIDI note of the label.
        semitones: float64, shape (clips,), predicted minus true note.
        instruments: What each file's name begins with; empty where that is nothing.
    """

    midi: NDArray[np.int64]
    semitones: NDArray[np.float64]
    instruments: tuple[str, ...]

    @property
    def is_octave(self) -> NDArray[np.bool_]:
        """Which clips are wrong by whole octaves."""
        wrong = self.semitones != 0
        return np.asarray(wrong & (self.semitones % CHROMAS == 0))


def note_errors(predictions: Sequence[Predictions]) -> NoteErrors | None:
    """Errors of one model on one task, all seeds and folds together.

    Returns:
        None where labels are no MIDI notes, or clips do not have exactly one each.
    """
    if not predictions or not all(label.isdecimal() for label in predictions[0].vocabulary):
        return None
    notes = np.array([int(label) for label in predictions[0].vocabulary])
    folds = [fold for seed in predictions for fold in seed.folds]
    scenes = [fold for fold in folds if isinstance(fold, ScenePredictions)]
    if not scenes or any((fold.targets.sum(axis=1) != 1).any() for fold in scenes):
        return None
    true = np.concatenate([notes[fold.targets.argmax(axis=1)] for fold in scenes])
    guessed = np.concatenate([notes[fold.probabilities.argmax(axis=1)] for fold in scenes])
    clips = [clip for fold in scenes for clip in fold.clips]
    return NoteErrors(true, (guessed - true).astype(float), tuple(map(instrument, clips)))


def instrument(file: str) -> str:
    """What a file is named after: all before the first underscore or digit.

    ``french-horn_A2_025.ogg`` gives ``french-horn``, ``bass_synthetic_033-022-050.wav`` ``bass``.
    """
    found = re.match(r"[^_\d]*", file)
    return found.group().strip("- .") if found else ""


def grouped(
    keys: NDArray[np.int64], values: NDArray[np.floating[Any]]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """The different keys in order, the mean of their values, and how often each comes."""
    different, index, count = np.unique(keys, return_inverse=True, return_counts=True)
    sums = np.bincount(index, weights=values, minlength=len(different))
    return different, sums / count, count


def note_name(midi: float) -> str:
    """``60`` is ``C4``."""
    octave, chroma = divmod(round(midi), CHROMAS)
    return f"{NOTES[chroma]}{octave - 1}"


ROW_HEIGHT = 1.35  # inches
INSTRUMENTS = 12  # shown; more would be no picture


@styled
def pitch_errors_figure(
    task: str, models: Mapping[str, NoteErrors], look: Mapping[str, Look]
) -> Figure:
    """Mean error and share of octave errors by note, and mean error by instrument.

    Args:
        task: Name.
        models: Errors of each row, in the order in which rows are drawn.
        look: Of each row.
    """
    instruments = _instruments(list(models.values()))
    rows, columns = len(models), 3 if instruments else 2
    figure = Figure(figsize=(4.6 * columns, rows * ROW_HEIGHT + 1.3), layout="constrained")
    figure.suptitle(f"{short(task, 80, 1)}: errors in pitch", x=0.01, ha="left", weight="bold")
    panels = figure.subplots(rows, columns, squeeze=False, sharex="col", sharey="col")
    for row, (label, errors) in zip(panels, models.items(), strict=True):
        colour = look[label].colour
        _draw_notes(row[0], errors.midi, np.abs(errors.semitones), colour)
        _draw_notes(row[1], errors.midi, 100.0 * errors.is_octave, colour)
        name = f"{short(label, 20)}\nmean {np.abs(errors.semitones).mean():.2f}"
        row[0].set_ylabel(name, rotation=0, ha="right", va="center")
        if instruments:
            _draw_instruments(row[2], errors, instruments, colour)
    titles = ["mean |error| by note, semitones", "octave errors by note, % of clips"]
    titles.append("mean |error| by instrument, semitones")
    for panel, title in zip(panels[0], titles, strict=False):
        panel.set_title(title)
    for panel in panels[-1, :2]:
        _label_notes(panel)
    clips = len(next(iter(models.values())).midi)
    remark = (
        f"{clips:,} predictions per model. Octave error: off by a multiple of {CHROMAS} semitones."
    )
    if any(len(unseen_notes(errors.midi)) for errors in models.values()):
        remark += " Grey dots: notes without test clips."
    figure.supxlabel(remark, x=0.01, ha="left", color=FAINT, fontsize=9)
    return figure


def _draw_notes(
    panel: Axes, midi: NDArray[np.int64], values: NDArray[np.floating[Any]], colour: str
) -> None:
    notes, means, _ = grouped(midi, values)
    panel.bar(notes, means, width=0.8, color=colour)
    if len(unseen := unseen_notes(midi)):
        low = panel.get_xaxis_transform()
        panel.plot(unseen, np.full(len(unseen), 0.04), ".", ms=4, color=FAINT, transform=low)
    panel.grid(axis="y")


def unseen_notes(midi: NDArray[np.int64]) -> NDArray[np.int64]:
    """Notes between the lowest and the highest that no clip has."""
    return np.setdiff1d(np.arange(midi.min(), midi.max() + 1), midi)


def _label_notes(panel: Axes) -> None:
    panel.xaxis.set_major_locator(MultipleLocator(CHROMAS))
    panel.xaxis.set_minor_locator(MultipleLocator(CHROMAS // 4))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda midi, _: f"{midi:.0f}\n{note_name(midi)}"))
    panel.set_xlabel("MIDI note of the label")


def _instruments(models: Sequence[NoteErrors]) -> list[str]:
    """Instruments of the test clips, if file names tell of several and not too many."""
    names = sorted({name for errors in models for name in errors.instruments})
    return names if "" not in names and 1 < len(names) <= INSTRUMENTS else []


def _draw_instruments(
    panel: Axes, errors: NoteErrors, instruments: Sequence[str], colour: str
) -> None:
    index = np.array([instruments.index(name) for name in errors.instruments])
    places, means, clips = grouped(index, np.abs(errors.semitones))
    bars = panel.barh(places, means, height=0.7, color=colour)
    panel.bar_label(bars, [f"{mean:.2f}" for mean in means], padding=3)
    names = [
        f"{short(instruments[place], 20, 1)} ({n})" for place, n in zip(places, clips, strict=True)
    ]
    panel.set_yticks(places, names)
    panel.tick_params(axis="y", length=0)
    panel.set_ylim(len(instruments) - 0.4, -0.6)
    panel.margins(x=0.15)
    panel.grid(axis="x")
