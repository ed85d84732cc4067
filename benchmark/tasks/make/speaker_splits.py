"""Splits by speaker as TensorFlow Datasets draws them.

CREMA-D, RAVDESS and EmoDB come without splits. TensorFlow Datasets (audio/crema_d.py) shuffles the
sorted speakers of CREMA-D with a fixed seed. SERAB (N. Scheidwasser-Clow et al., "SERAB: A
multi-lingual benchmark for speech emotion recognition", ICASSP 2022; github.com/Neclow/SERAB,
tensorflow_datasets/) does the same with RAVDESS and EmoDB, 60:20:20.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from benchmark.tasks.make.plan import RawClip
from benchmark.tasks.make.splits import SPLITS

SEED: Final = 0  # split_number


def draw_speakers(speakers: Iterable[str], shares: tuple[float, float, float]) -> dict[str, str]:
    """Draw a split for each speaker (``_get_inter_splits_by_group``).

    Args:
        speakers: Names of speakers, as the file names have them.
        shares: Parts of train, valid and test; 1 in all. Added up in this order and rounded down,
            as there: 0.7 + 0.1 is a little less than 0.8 in floating point.

    Returns:
        Speaker -> "train", "valid" or "test".

    Raises:
        ValueError: There are too few speakers to give each split one.
    """
    ordered = sorted(set(speakers))
    order = np.random.RandomState(SEED).permutation(len(ordered))
    first = int(shares[0] * len(ordered))
    second = int((shares[0] + shares[1]) * len(ordered))
    if not 0 < first < second < len(ordered):
        raise ValueError(
            f"{len(ordered)} speakers are too few to draw train, valid and test from: the raw data "
            "is not whole."
        )
    bounds = (0, first, second, len(ordered))
    return {
        ordered[index]: split
        for split, begin, end in zip(SPLITS, bounds[:-1], bounds[1:], strict=True)
        for index in order[begin:end]
    }


def split_by_speaker(
    clips: Sequence[RawClip], shares: tuple[float, float, float]
) -> tuple[RawClip, ...]:
    """The clips with a split each; ``group`` is the speaker."""
    drawn = draw_speakers((clip.group or "" for clip in clips), shares)
    return tuple(replace(clip, split=drawn[clip.group or ""]) for clip in clips)
