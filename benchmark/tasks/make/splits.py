"""Splits of a task: those that the data has, stratified draws, and hear-preprocess' draws.

A draw shares labels out evenly and keeps groups together: iterative stratification of K. Sechidis,
G. Tsoumakas and I. Vlahavas, "On the Stratification of Multi-Label Data", ECML PKDD 2011,
Algorithm 1, with groups of clips in place of single examples. hear-preprocess draws splits and
sub-samples with seeds made of names, the same everywhere.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmark.tasks.make.plan import Label, RawClip
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


Groups = Mapping[str, Counter[Label]]


def draw_stratified(groups: Groups, shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Give every group a split, the rarest labels first, each to the split that lacks it most.

    Unlike there, no split stays empty: the last groups go to splits that have none.

    Args:
        groups: Group -> how many of its clips have each label.
        shares: Split -> its share; only the proportions count.
        seed: Decides among equals, and the order of groups of one size.

    Returns:
        Group -> split.

    Raises:
        ValueError: There are fewer groups than splits.
    """
    if len(groups) < len(shares):
        raise ValueError(
            f"{len(groups)} groups of clips are too few for {len(shares)} splits: a group, such as "
            "a speaker, never straddles two."
        )
    generator = random.Random(seed)
    waiting = sorted(groups)
    generator.shuffle(waiting)
    lacks = _Lacking(groups, shares)
    drawn: dict[str, str] = {}
    while waiting:
        label = _rarest(groups, waiting)
        of_label = [name for name in waiting if label is None or groups[name][label]]
        for name in sorted(of_label, key=lambda name: -groups[name].total()):
            empty = shares.keys() - drawn.values()
            last_chance = len(groups) - len(drawn) <= len(empty)
            drawn[name] = lacks.most(label, empty if last_chance else shares.keys(), generator)
            lacks.give(drawn[name], groups[name])
        waiting = [name for name in waiting if name not in drawn]
    return {name: drawn[name] for name in sorted(drawn)}


def _rarest(groups: Groups, waiting: list[str]) -> Label | None:
    """The label that fewest of the waiting clips have; None if they have none."""
    counts: Counter[Label] = Counter()
    for name in waiting:
        counts.update(groups[name])
    return min(+counts, key=lambda label: (counts[label], str(label)), default=None)


class _Lacking:
    """How many clips, in all and of each label, each split still lacks of its share."""

    def __init__(self, groups: Groups, shares: Mapping[str, float]) -> None:
        labels: Counter[Label] = Counter()
        for counts in groups.values():
            labels.update(counts)
        whole = sum(shares.values())
        self._of_label = {
            split: {label: count * share / whole for label, count in labels.items()}
            for split, share in shares.items()
        }
        clips = sum(_size(counts) for counts in groups.values())
        self._in_all = {split: clips * share / whole for split, share in shares.items()}

    def most(self, label: Label | None, among: Set[str], generator: random.Random) -> str:
        """The split of some that lacks most of a label; among equals, most clips; then any."""
        need = {
            split: (0.0 if label is None else self._of_label[split][label], in_all)
            for split, in_all in self._in_all.items()
            if split in among
        }
        best = max(need.values())
        return generator.choice([split for split in need if need[split] == best])

    def give(self, split: str, counts: Counter[Label]) -> None:
        """Count a group as the split's."""
        self._in_all[split] -= _size(counts)
        for label, count in counts.items():
            self._of_label[split][label] -= count


def _size(counts: Counter[Label]) -> int:
    """Labels of a group's clips, at least one, so that clips without labels are shared out too."""
    return max(1, counts.total())


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
