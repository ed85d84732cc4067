"""Splits of anybody's data: those it comes with, or drawn ones."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmark.tasks.make.hear_split import (
    SPLITS,
    TEST_PERCENTAGE,
    TRAIN_PERCENTAGE,
    VALID_PERCENTAGE,
)
from benchmark.tasks.make.plan import Label, RawClip
from benchmark.tasks.make.stratified import draw_stratified
from benchmark.tasks.task import MIN_FOLDS

NAMES: Final = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("valid", "val", "validation", "validate"), "valid"),
    **dict.fromkeys(("test", "testing"), "test"),
}
FOLD: Final = re.compile(r"(?:fold)?[-_ ]?(\d+)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Splitting:
    """How to draw the splits that data does not come with.

    Attributes:
        shares: Parts of train, valid and test; hear-preprocess' by default.
        folds: Number of folds to draw instead.
        seed: Seed of the draw.
    """

    shares: tuple[float, float, float] = (TRAIN_PERCENTAGE, VALID_PERCENTAGE, TEST_PERCENTAGE)
    folds: int | None = None
    seed: int = 0


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


def is_split_name(name: str) -> bool:
    """Whether a name, e.g. of a folder, is one of a split or a fold."""
    return name.lower() in NAMES or bool(re.fullmatch(r"fold[-_ ]?\d+", name, re.IGNORECASE))


def split_in_path(path: Path) -> str:
    """The first part of a path that is the name of a split or a fold; empty if none is."""
    return next((part for part in path.parts[:-1] if is_split_name(part)), "")


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
    if given == {""}:
        return _drawn_folds(clips, splitting) if splitting.folds else _drawn(clips, splitting)
    if "" in given:
        without = sum(not clip.split for clip in clips)
        raise ValueError(f"{without} of {len(clips)} clips have no split, but the others have one.")
    if splitting.folds is not None:
        raise ValueError("The data comes with splits or folds of its own: do not give --folds.")
    if all(name.lower() in NAMES for name in given):
        return _named(clips, splitting)
    return _given_folds(clips, given)


def _drawn(clips: Sequence[RawClip], splitting: Splitting) -> Splits:
    shares = dict(zip(SPLITS, splitting.shares, strict=True))
    drawn = draw_stratified(_groups(clips), shares, splitting.seed)
    placed = tuple(replace(clip, split=drawn[_key(clip)]) for clip in clips)
    shown = ":".join(f"{share:g}" for share in splitting.shares)
    note = f"Splits drawn {shown} by label, seed {splitting.seed}."
    return Splits(placed, _trainvaltest(), (note,))


def _drawn_folds(clips: Sequence[RawClip], splitting: Splitting) -> Splits:
    names = _fold_names(splitting.folds or 0)
    drawn = draw_stratified(_groups(clips), dict.fromkeys(names, 1.0), splitting.seed)
    placed = tuple(replace(clip, split=drawn[_key(clip)]) for clip in clips)
    metadata = {"split_mode": "new_split_kfold", "nfolds": len(names), "splits": names}
    return Splits(placed, metadata, (f"Folds drawn by label, seed {splitting.seed}.",))


def _named(clips: Sequence[RawClip], splitting: Splitting) -> Splits:
    """Splits with names; those that are missing are drawn out of training, as HEAR does."""
    named = [replace(clip, split=NAMES[clip.split.lower()]) for clip in clips]
    present = {clip.split for clip in named}
    missing = [split for split in SPLITS if split not in present]
    if "train" in missing:
        raise ValueError("No clip is for training.")
    notes = _straddling(named)
    if missing:
        all_shares = dict(zip(SPLITS, splitting.shares, strict=True))
        shares = {split: all_shares[split] for split in ("train", *missing)}
        train = [clip for clip in named if clip.split == "train"]
        drawn = draw_stratified(_groups(train), shares, splitting.seed)
        named = [
            replace(clip, split=drawn[_key(clip)]) if clip.split == "train" else clip
            for clip in named
        ]
        text = " and ".join(missing)
        notes.append(f"Drawn out of train by label, seed {splitting.seed}: {text}.")
    return Splits(tuple(named), _trainvaltest(), tuple(notes))


def _given_folds(clips: Sequence[RawClip], given: set[str]) -> Splits:
    """Folds with numbers in their names, in the order of the numbers: the first is fold00."""
    numbers = {}
    for name in given:
        match = FOLD.fullmatch(name)
        if match is None:
            raise ValueError(
                f"Split {name!r} is neither train, valid or test nor a fold with a number, such as "
                "1 or fold1."
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
