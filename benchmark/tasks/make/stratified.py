"""Stratified draws of splits: labels are shared out evenly, and groups stay together.

A first draw is the iterative stratification of K. Sechidis, G. Tsoumakas and I. Vlahavas, "On the
Stratification of Multi-Label Data", ECML PKDD 2011, Algorithm 1, with groups of clips in place of
single examples. Groups of several clips are then moved and swapped for as long as splits come
closer to their shares.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Set
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmark.tasks.make.plan import Label

Groups = Mapping[str, Counter[Label]]  # how many of a group's clips have each label


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


MOST_GROUPS: Final = 2000  # of more, chance alone makes splits even
MOST_STEPS: Final = 200
MOST_COMPARED: Final = 500_000  # numbers of all pairs of two splits; beyond, groups only move
MISSING: Final = 4.0  # how much worse a label without any clip is than one with twice its share


def balance(
    drawn: Mapping[str, str], groups: Groups, sizes: Mapping[str, int], shares: Mapping[str, float]
) -> dict[str, str]:
    """Move and swap groups between splits until none brings them closer to their shares.

    What is made small: the squares of the relative deviations from the shares, of the number of
    clips and, on average over labels, of each label's number of clips.

    Args:
        drawn: Group -> split.
        groups: What `draw_stratified` took.
        sizes: Group -> number of clips.
        shares: Split -> its share.

    Returns:
        Group -> split. No split becomes empty.
    """
    names = sorted(groups)
    if len(names) > MOST_GROUPS or len(names) <= len(shares):
        return dict(drawn)
    splits = list(shares)
    place = np.array([splits.index(drawn[name]) for name in names])
    counts = _counts(names, groups, sizes)
    share = np.array([shares[split] for split in splits]) / sum(shares.values())
    aims = share[:, None] * counts.sum(axis=0)
    for _ in range(MOST_STEPS):
        if (better := _best_change(place, counts, aims)) is None:
            break
        place = better
    return {name: splits[index] for name, index in zip(names, place, strict=True)}


def _counts(names: list[str], groups: Groups, sizes: Mapping[str, int]) -> NDArray[np.float64]:
    """Clips of each group, and clips of each label: shape (groups, 1 + labels)."""
    labels = sorted({label for counts in groups.values() for label in counts}, key=str)
    rows = [[sizes[name], *(groups[name][label] for label in labels)] for name in names]
    return np.array(rows, dtype=np.float64)


def _badness(held: NDArray[np.float64], aims: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far splits are from their aims; shapes (..., columns), the first column all clips."""
    off = ((held - aims) / np.maximum(aims, 1.0)) ** 2
    off = off + MISSING * ((held == 0) & (aims > 0))
    labels = off[..., 1:].mean(axis=-1) if off.shape[-1] > 1 else 0.0
    badness: NDArray[np.float64] = off[..., 0] + labels
    return badness


def _best_change(
    place: NDArray[np.int64], counts: NDArray[np.float64], aims: NDArray[np.float64]
) -> NDArray[np.int64] | None:
    """The places after the best move or swap; None if none is better than what is there."""
    splits = len(aims)
    held = np.stack([counts[place == split].sum(axis=0) for split in range(splits)])
    now = _badness(held, aims)
    best, found = -1e-9, None
    for a in range(splits):
        for b in range(splits):
            of_a, of_b = np.flatnonzero(place == a), np.flatnonzero(place == b)
            if a == b or len(of_a) < 2:
                continue
            if len(of_a) * len(of_b) * counts.shape[1] > MOST_COMPARED:
                of_b = of_b[:0]
            # In the last column nothing comes back: a move. The others are swaps.
            back = np.concatenate([counts[of_b], np.zeros((1, counts.shape[1]))])
            moved = counts[of_a][:, None] - back[None]
            change = _badness(held[a] - moved, aims[a]) + _badness(held[b] + moved, aims[b])
            row, column = np.unravel_index(np.argmin(change), change.shape)
            gain = float(change[row, column] - now[a] - now[b])
            if gain < best:
                best, found = gain, place.copy()
                found[of_a[row]] = b
                if column < len(of_b):
                    found[of_b[column]] = a
    return found
