"""Splits of a task: those that the data has, stratified draws, and hear-preprocess' draws.

hear-preprocess draws splits and sub-samples with seeds made of names, the same everywhere.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from benchmark.tasks.make.plan import Label, RawClip
from benchmark.tasks.make.split_names import FOLD_NAME, NAMES_KNOWN, ROLES, named_splits
from benchmark.tasks.make.stratified import balance, draw_stratified
from benchmark.tasks.task import MIN_FOLDS

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


@dataclass(frozen=True, kw_only=True)
class Splitting:
    """How to draw the splits that data does not come with.

    Attributes:
        shares: Parts of train, valid and test; hear-preprocess' by default.
        folds: Number of folds to draw instead.
        seed: Seed of the draw.
        redraw: Whether to draw also where data comes with splits.
    """

    shares: tuple[float, float, float] = (TRAIN_PERCENTAGE, VALID_PERCENTAGE, TEST_PERCENTAGE)
    folds: int | None = None
    seed: int = 0
    redraw: bool = False


@dataclass(frozen=True)
class Splits:
    """Clips that all have a split.

    Attributes:
        clips: The clips.
        metadata: ``split_mode``, ``splits`` and, of folds, ``nfolds``.
        notes: What was drawn, and what is odd about the splits that were given.
    """

    clips: tuple[RawClip, ...]
    metadata: dict[str, Any]
    notes: tuple[str, ...]


def with_splits(clips: Sequence[RawClip], splitting: Splitting) -> Splits:
    """Bring given splits into HEAR's names, and draw those that are missing.

    Args:
        clips: Clips whose ``split`` is what the data calls it, or empty.
        splitting: How to draw.

    Raises:
        ValueError: Only some clips have a split, a split's name is unknown, there are too few folds
            or groups, or folds are asked of data that comes with splits.
    """
    given = {clip.split for clip in clips}
    if splitting.redraw:
        clips, given = [replace(clip, split="") for clip in clips], {""}
    if given == {""}:
        return _drawn_folds(clips, splitting) if splitting.folds else _drawn(clips, splitting)
    if "" in given:
        without = sum(not clip.split for clip in clips)
        raise ValueError(f"{without} of {len(clips)} clips have no split, but the others have one.")
    if splitting.folds is not None:
        raise ValueError(
            "The data comes with splits or folds of its own: give --redraw with --folds to draw "
            "others, or leave --folds out."
        )
    known = named_splits(given)
    return _given_folds(clips, given) if known is None else _named(clips, splitting, known)


def _drawn(clips: Sequence[RawClip], splitting: Splitting) -> Splits:
    shares = dict(zip(SPLITS, splitting.shares, strict=True))
    placed = _draw(clips, shares, splitting.seed)
    shown = ":".join(f"{share:g}" for share in splitting.shares)
    note = f"Splits drawn {shown} by label, seed {splitting.seed}: {_outcome(placed, shares)}"
    return Splits(placed, _trainvaltest(), (note,))


def _drawn_folds(clips: Sequence[RawClip], splitting: Splitting) -> Splits:
    names = _fold_names(splitting.folds or 0)
    shares = dict.fromkeys(names, 1.0)
    placed = _draw(clips, shares, splitting.seed)
    metadata = {"split_mode": "new_split_kfold", "nfolds": len(names), "splits": names}
    note = f"Folds drawn by label, seed {splitting.seed}: {_outcome(placed, shares)}"
    return Splits(placed, metadata, (note,))


def _draw(clips: Sequence[RawClip], shares: Mapping[str, float], seed: int) -> tuple[RawClip, ...]:
    """Clips with drawn splits, groups whole."""
    groups = _groups(clips)
    drawn = draw_stratified(groups, shares, seed)
    if any(clip.group is not None for clip in clips):
        drawn = balance(drawn, groups, Counter(map(_key, clips)), shares)
    return tuple(replace(clip, split=drawn[_key(clip)]) for clip in clips)


FAR: Final = 0.1  # of all clips: a split that is further from its share needs an explanation


def _outcome(clips: Sequence[RawClip], shares: Mapping[str, float]) -> str:
    """What a draw came to: clips and groups of each split, and why that is not what was asked."""
    counts = Counter(clip.split for clip in clips)
    text = ", ".join(f"{counts[split]} {split}" for split in shares)
    groups = {clip.group: clip.split for clip in clips if clip.group is not None}
    if not groups:
        return f"{text}."
    of_split = Counter(groups.values())
    held = ", ".join(f"{of_split[split]} {split}" for split in shares)
    text += f". {len(groups)} groups were kept whole: {held}"
    whole = sum(shares.values())
    far = [
        split
        for split, share in shares.items()
        if abs(counts[split] / len(clips) - share / whole) > FAR
    ]
    if far:
        text += f". That is not the shares that were asked for ({', '.join(far)}): " + (
            "there are too few groups, or some are too large"
        )
    return f"{text}."


def _named(clips: Sequence[RawClip], splitting: Splitting, known: Mapping[str, str]) -> Splits:
    """Splits with names; those that are missing are drawn out of training, as HEAR does."""
    named = [replace(clip, split=known[clip.split]) for clip in clips]
    present = {clip.split for clip in named}
    missing = [split for split in SPLITS if split not in present]
    if "train" in missing:
        raise ValueError(f"No clip is for training: the splits are {', '.join(sorted(known))}.")
    notes = [*_understood(known), *_straddling(named)]
    if missing:
        all_shares = dict(zip(SPLITS, splitting.shares, strict=True))
        shares = {split: all_shares[split] for split in ("train", *missing)}
        train = [clip for clip in named if clip.split == "train"]
        drawn = _draw(train, shares, splitting.seed)
        drawn_for = {clip.stem: clip.split for clip in drawn}
        named = [replace(clip, split=drawn_for.get(clip.stem, clip.split)) for clip in named]
        text = f"Drawn out of train by label, seed {splitting.seed}: {' and '.join(missing)}"
        notes.append(f"{text}. So train became {_outcome(drawn, shares)}")
    return Splits(tuple(named), _trainvaltest(), tuple(notes))


def _understood(known: Mapping[str, str]) -> list[str]:
    """What names were taken for, where it is not plain."""
    taken = [
        f"{name} is {split}"
        for name, split in sorted(known.items())
        if ROLES.get(name.lower()) != split
    ]
    return [f"Splits by the data's names: {', '.join(taken)}."] if taken else []


def _given_folds(clips: Sequence[RawClip], given: set[str]) -> Splits:
    """Folds with numbers in their names, in the order of the numbers: the first is fold00."""
    numbers = {}
    for name in given:
        match = FOLD_NAME.fullmatch(name)
        if match is None:
            raise ValueError(
                f"Split {name!r} is neither train, valid or test ({NAMES_KNOWN}) nor a fold with a "
                "number, such as 1 or fold1: rename it, or draw splits with --redraw."
            )
        numbers[name] = int(match[1])
    order = sorted(set(numbers.values()))
    names = _fold_names(len(order))
    placed = [replace(clip, split=names[order.index(numbers[clip.split])]) for clip in clips]
    metadata = {"split_mode": "presplit_kfold", "nfolds": len(names), "splits": names}
    return Splits(tuple(placed), metadata, tuple(_straddling(placed)))


def _fold_names(folds: int) -> list[str]:
    if folds < MIN_FOLDS:
        raise ValueError(f"{folds} folds are too few: {MIN_FOLDS} at least (test, valid, train).")
    return [f"fold{index:02d}" for index in range(folds)]


def _trainvaltest() -> dict[str, Any]:
    return {"split_mode": "trainvaltest", "splits": list(SPLITS)}


def _key(clip: RawClip) -> str:
    """What stays together: the clip's group, or the clip."""
    return f"clip {clip.stem}" if clip.group is None else f"group {clip.group}"


def _groups(clips: Sequence[RawClip]) -> dict[str, Counter[Label]]:
    groups: dict[str, Counter[Label]] = defaultdict(Counter)
    for clip in clips:
        groups[_key(clip)].update(set(clip.all_labels))
    return groups


def _straddling(clips: Sequence[RawClip]) -> list[str]:
    splits: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        if clip.group is not None:
            splits[clip.group].add(clip.split)
    astride = sorted(group for group, names in splits.items() if len(names) > 1)
    if not astride:
        return []
    return [f"{len(astride)} groups are in more than one split, {astride[0]} for one."]
