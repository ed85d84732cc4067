"""Share of clips whose most probable class is the true one.

Source: heareval.score.Top1Accuracy and ChromaAccuracy. Ties go to the lowest index, and of a
clip's several true labels only the first counts, as ``argmax`` does both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CHROMAS = 12  # semitones of an octave


def top1_acc(probabilities: NDArray[np.float32], targets: NDArray[np.float32]) -> float:
    """Top-1 accuracy.

    Args:
        probabilities: Shape (clips, classes).
        targets: Multi-hot, shape (clips, classes).

    Returns:
        Accuracy in [0, 1].
    """
    return float(np.mean(probabilities.argmax(axis=1) == targets.argmax(axis=1)))


def pitch_acc(probabilities: NDArray[np.float32], targets: NDArray[np.float32]) -> float:
    """Top-1 accuracy of a pitch task; arguments and result as of `top1_acc`."""
    return top1_acc(probabilities, targets)


def chroma_acc(probabilities: NDArray[np.float32], targets: NDArray[np.float32]) -> float:
    """Top-1 accuracy up to octaves; arguments and result as of `top1_acc`.

    Octaves are counted in vocabulary indices, not MIDI numbers, as upstream does: the score means
    what it says only where the vocabulary has no gaps.
    """
    predicted = probabilities.argmax(axis=1) % CHROMAS
    return float(np.mean(predicted == targets.argmax(axis=1) % CHROMAS))


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
    chroma = midi % CHROMAS
    return float(np.mean(chroma[probabilities.argmax(axis=1)] == chroma[targets.argmax(axis=1)]))
