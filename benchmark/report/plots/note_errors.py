"""Errors of a pitch task's predictions in semitones, clip by clip."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

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
