"""Made event lists and frame probabilities, the size of HEAR's DCASE 2016 task."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmark.events.table import Event

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
