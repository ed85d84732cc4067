"""hear-preprocess' way of drawing splits and sub-samples: seeded by names, the same everywhere."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

SPLITS: Final = ("train", "valid", "test")
# pipeline.py, TRAIN_PERCENTAGE etc.
TRAIN_PERCENTAGE: Final = 80
VALID_PERCENTAGE: Final = 10
TEST_PERCENTAGE: Final = 10
TRAINVAL_PERCENTAGE: Final = TRAIN_PERCENTAGE + VALID_PERCENTAGE


def seed_of(text: str) -> int:
    """Make a seed of a text: its SHA-1 as a number, modulo 2**32 - 1 (util/luigi.py, str2int)."""
    return int(hashlib.sha1(text.encode()).hexdigest(), 16) % (2**32 - 1)


def draw_train_valid_test(keys: Iterable[str], percentages: Mapping[str, int]) -> dict[str, str]:
    """Draw a split for each key of a data set that comes without splits.

    pipeline.py, ``ExtractMetadata.split_train_test_val``: the sorted keys are shuffled by Python's
    generator, seeded with a text; the first become validation, the next test, the rest training.

    Args:
        keys: What must stay together: files, speakers, instruments.
        percentages: Percent of the keys for "train", "valid" and "test"; 100 in all.

    Returns:
        Key -> "train", "valid" or "test".

    Raises:
        ValueError: There are too few keys to give each split one.
    """
    shuffled = sorted(set(keys))
    random.Random("split_train_test_val").shuffle(shuffled)
    valid, test = (round(len(shuffled) * percentages[split] / 100) for split in ("valid", "test"))
    if not 0 < valid <= valid + test < len(shuffled) or not test:
        raise ValueError(
            f"{len(shuffled)} recordings are too few to draw train, valid and test from."
        )
    splits = dict.fromkeys(shuffled, "train")
    splits.update(dict.fromkeys(shuffled[:valid], "valid"))
    splits.update(dict.fromkeys(shuffled[valid : valid + test], "test"))
    return splits


def subsample(
    stems: Iterable[str], split: str, max_seconds: float | None, seconds: float
) -> set[str]:
    """Choose the clips of a split that fit into so many seconds.

    pipeline.py, ``SubsampleSplit.run``: the sorted names are permuted by NumPy's ``RandomState``
    (to which pandas' ``sample(frac=1)`` comes down), the first ones are kept.

    Args:
        stems: Names of the split's clips.
        split: Name of the split, from which the seed is made.
        max_seconds: Length of the whole split; None keeps every clip.
        seconds: Length of a clip.

    Returns:
        The names kept.
    """
    ordered = sorted(stems)
    if max_seconds is None:
        return set(ordered)
    order = np.random.RandomState(seed_of(f"SubsampleSplit({split})")).permutation(len(ordered))
    return {ordered[index] for index in order[: int(max_seconds / seconds)]}


def max_seconds_by_split(hours: float | None, test: bool = True) -> dict[str, float | None]:
    """Share out hours of training and validation audio 80:10, as modes "5h" and "50h" do.

    Args:
        hours: Hours of training and validation together; None for no limit.
        test: Whether the test split is cut as well, to as much as validation.

    Returns:
        ``max_task_duration_by_split`` of the task's metadata, seconds.
    """
    if hours is None:
        return dict.fromkeys(SPLITS)
    return {
        "train": 3600 * hours * TRAIN_PERCENTAGE / TRAINVAL_PERCENTAGE,
        "valid": 3600 * hours * VALID_PERCENTAGE / TRAINVAL_PERCENTAGE,
        "test": 3600 * hours * TEST_PERCENTAGE / TRAINVAL_PERCENTAGE if test else None,
    }
