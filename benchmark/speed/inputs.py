"""Inputs to measure with: made event lists and frame probabilities, and the suite's embeddings.

Events and frames have the size of HEAR's DCASE 2016 task. The loops that turn frames into events
clip by clip follow heareval.predictions.task_predictions.create_events_from_prediction; they are
what `benchmark.events.postprocessing` is compared with. Where no embeddings are named, the logmel
baseline embeds the embedded suite.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from scipy.ndimage import median_filter

from benchmark.events.frames import ClipFrames
from benchmark.events.postprocessing import THRESHOLD, Postprocessing
from benchmark.events.table import Event
from benchmark.heareval.export_folder import export_tasks
from benchmark.tasks.find import find_tasks
from msssl_common.console import bar

CLIPS = tuple(f"clip{number:02d}.wav" for number in range(14))
CLIP_MS = 120_000.0
CLASSES = tuple(f"class{number:02d}" for number in range(11))
REFERENCE_EVENTS = 40  # per clip
HOP_MS = 50.0

Events = dict[str, list[Event]]


def made_reference(rng: np.random.Generator) -> Events:
    """`REFERENCE_EVENTS` events in every clip, of 0.1 to 3 s, which may overlap."""
    return {clip: _random(rng, REFERENCE_EVENTS) for clip in CLIPS}


def made_answer(rng: np.random.Generator, reference: Events, per_clip: int) -> Events:
    """``per_clip`` events in every clip: most references, somewhat moved, and invented ones."""
    answer = {}
    for clip, events in reference.items():
        kept = [event for event in events if rng.random() < 0.8][:per_clip]
        moves = rng.normal(0, 60, (len(kept), 2))
        moved = [
            Event(e.label, max(0.0, e.onset_ms + a), max(0.0, e.onset_ms + a, e.offset_ms + b))
            for e, (a, b) in zip(kept, moves.tolist(), strict=True)
        ]
        answer[clip] = moved + _random(rng, per_clip - len(moved))
    return answer


def _random(rng: np.random.Generator, count: int) -> list[Event]:
    onset = rng.uniform(0, CLIP_MS, count)
    offset = onset + rng.uniform(100, 3000, count)
    labels = rng.choice(CLASSES, count).tolist()
    return [Event(*row) for row in zip(labels, onset.tolist(), offset.tolist(), strict=True)]


def made_probabilities(rng: np.random.Generator) -> NDArray[np.float32]:
    """Probabilities that wander across 0.5, shape (frames of all clips, classes)."""
    frames = int(CLIP_MS / HOP_MS)
    shape = (len(CLIPS), frames, len(CLASSES))
    noise = rng.standard_normal(shape).cumsum(axis=1)
    noise = noise - noise.mean(axis=1, keepdims=True) + rng.standard_normal(shape)
    probabilities: NDArray[np.float32] = (1 / (1 + np.exp(-noise))).astype(np.float32)
    return probabilities.reshape(-1, len(CLASSES))


def plain_events(
    probabilities: NDArray[np.float32],
    frames: ClipFrames,
    vocabulary: tuple[str, ...],
    point: Postprocessing,
) -> dict[str, list[Event]]:
    """Events of every clip, by onset.

    Args:
        probabilities: Shape (frames, classes).
        frames: Where the clips' frames lie.
        vocabulary: Label of each class.
        point: Median filter and shortest event.
    """
    events = {}
    for clip, name in enumerate(frames.names):
        rows = slice(frames.bounds[clip], frames.bounds[clip + 1])
        times = frames.times_ms[rows]
        width = round(float(point.median_filter_ms / np.mean(np.diff(times))))
        filtered = median_filter(probabilities[rows], size=(width, 1), mode="reflect")
        events[name] = _clip_events(filtered > THRESHOLD, times, vocabulary, point.min_duration)
    return events


def _clip_events(
    active: NDArray[np.bool_],
    times: NDArray[np.float64],
    vocabulary: tuple[str, ...],
    min_duration: float,
) -> list[Event]:
    events = []
    for column, label in enumerate(vocabulary):
        places = enumerate(np.flatnonzero(active[:, column]).tolist())
        for _, run in groupby(places, key=lambda place: place[1] - place[0]):
            indices = [index for _, index in run]
            start, end = float(times[indices[0]]), float(times[indices[-1]])
            if end - start >= min_duration:
                events.append(Event(label, start, end))
    return sorted(events, key=lambda event: event.onset_ms)


MODULE = "benchmark.baselines.logmel"


@contextmanager
def embedded_folders(console: Console) -> Iterator[list[Path]]:
    """Folders in hear-eval-kit's format, one per embedded task, deleted afterwards.

    Raises:
        ValueError: A task could not be embedded.
    """
    with tempfile.TemporaryDirectory() as place:
        out = Path(place)
        with bar(console, "Making the embedded tasks, once") as advance:
            tasks = find_tasks(None, advance)
        if export_tasks(MODULE, tasks, out, "cpu", console, debug=False):
            raise ValueError(f"The embedded tasks could not be embedded by {MODULE}; see above.")
        yield sorted(out.glob("*/*"))
