"""Share of clips whose most probable class is the true one.

Source: heareval.score.Top1Accuracy and ChromaAccuracy. Ties go to the lowest index, and of a
clip's several true labels only the first counts, as ``argmax`` does both.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CHROMAS = 12  # semitones of an octave


def class_hits(
    probabilities: NDArray[np.float32], targets: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Whether each clip counts for `top1_acc`, shape (clips,).

    Args:
        probabilities: Shape (clips, classes).
        targets: Multi-hot, shape (clips, classes).
    """
    return np.asarray(probabilities.argmax(axis=1) == targets.argmax(axis=1))


def chroma_hits(
    probabilities: NDArray[np.float32],
    targets: NDArray[np.float32],
    chroma: NDArray[np.int64] | None = None,
) -> NDArray[np.bool_]:
    """Whether each clip's class is right up to octaves, shape (clips,).

    Args:
        probabilities: Shape (clips, classes).
        targets: Multi-hot, shape (clips, classes).
        chroma: Pitch class of each vocabulary index, shape (classes,); None counts octaves in
            indices.
    """
    if chroma is None:
        chroma = np.arange(targets.shape[1]) % CHROMAS
    return np.asarray(chroma[probabilities.argmax(axis=1)] == chroma[targets.argmax(axis=1)])


def top1_acc(probabilities: NDArray[np.float32], targets: NDArray[np.float32]) -> float:
    """Top-1 accuracy.

    Args:
        probabilities: Shape (clips, classes).
        targets: Multi-hot, shape (clips, classes).

    Returns:
        Accuracy in [0, 1].
    """
    return float(np.mean(class_hits(probabilities, targets)))


def pitch_acc(probabilities: NDArray[np.float32], targets: NDArray[np.float32]) -> float:
    """Top-1 accuracy of a pitch task; arguments and result as of `top1_acc`."""
    return top1_acc(probabilities, targets)


def chroma_acc(probabilities: NDArray[np.float32], targets: NDArray[np.float32]) -> float:
    """Top-1 accuracy up to octaves; arguments and result as of `top1_acc`.

    Octaves are counted in vocabulary indices, not MIDI numbers, as upstream does: the score means
    what it says only where the vocabulary has no gaps.
    """
    return float(np.mean(chroma_hits(probabilities, targets)))


def midi_chroma_acc(
    probabilities: NDArray[np.float32], targets: NDArray[np.float32], midi: NDArray[np.int64]
) -> float:
    """Top-1 accuracy up to octaves, whatever notes the vocabulary has; not upstream's.

    Args:
        probabilities: Shape (clips, classes).
        targets: Multi-hot, shape (clips, classes).
        midi: MIDI number of each class, shape (classes,).

    Returns:
        Accuracy in [0, 1].
    """
    return float(np.mean(chroma_hits(probabilities, targets, midi % CHROMAS)))


def midi_numbers(vocabulary: Sequence[str]) -> NDArray[np.int64]:
    """MIDI number of each label, shape (classes,).

    Raises:
        ValueError: A label is none.
    """
    for label in vocabulary:
        if not label.removeprefix("-").isdecimal():
            raise ValueError(
                "Under strict rules chroma_acc needs MIDI numbers as labels, but one is "
                f"{label!r}: correct it, or use the published rules."
            )
    return np.array([int(label) for label in vocabulary], np.int64)
